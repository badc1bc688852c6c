"""What the closed form says is what loaders deliver."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.shards.stream import Stream
from headrace.shards.stream.audit.closed_form import Layout, step_digests
from headrace.shards.stream.delivery.digest import digest

layouts = st.tuples(st.integers(1, 3), st.integers(1, 2)).flatmap(
    lambda drawn: st.builds(
        Layout, st.integers(drawn[0] * drawn[1], 20), st.just(drawn[0] * drawn[1]), st.just(drawn[1])
    )
)


@settings(max_examples=25)
@given(layouts, st.integers(0, 150), st.integers(1, 4))
def test_it_is_what_each_rank_is_handed_in_each_step(images, layout, start, steps):
    stream = Stream(images, seed=3, lanes=4, block=9)
    state = stream.batches(1, steps=1).state_dict()
    begin = {**state, "position": start, "changes": [[0, 0, 1, [1000]]]}
    found = np.concatenate(
        [each for _, each in step_digests(stream.order, layout, start, start + steps * layout.batch_size)]
    )
    assert found.shape == (steps, layout.world_size)
    for rank in range(layout.world_size):
        batches = stream.batches(
            layout.batch_size, rank=rank, world_size=layout.world_size, local_world=layout.local_world, start=begin
        )
        for step, batch in zip(range(steps), batches, strict=False):
            expected = digest(np.array(batch["__position__"]), np.array(batch["__id__"]))
            assert int(found[step, rank]) == expected


def test_long_stretches_come_in_pieces(images, monkeypatch):
    stream = Stream(images, seed=3, lanes=4, block=9)
    layout = Layout(12, 2, 1)
    (whole,) = (each for _, each in step_digests(stream.order, layout, 7, 7 + 120))
    monkeypatch.setattr("headrace.shards.stream.audit.closed_form._AT_ONCE", 30)
    pieces = list(step_digests(stream.order, layout, 7, 7 + 120))
    assert [first for first, _ in pieces] == list(range(7, 127, 24))
    assert np.concatenate([each for _, each in pieces]).tolist() == whole.tolist()


@pytest.mark.parametrize("world_size", [1, 5])
def test_ranks_add_up_to_the_whole(images, world_size):
    order = Stream(images, seed=3, lanes=4, block=9).order
    places = order.locate(np.arange(40, 100))
    ((_, found),) = step_digests(order, Layout(20, world_size, 1), 40, 100)
    assert int(found.sum(dtype=np.uint64)) == digest(places.position, places.id)
