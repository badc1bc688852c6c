import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headrace.shards.base.errors import UsageError
from headrace.shards.stream.order.batch import (
    Rank,
    batch_positions,
    batches_positions,
    pass_batches,
    pass_rows,
)

sizes = st.integers(1, 200)
lanes = st.integers(1, 70)


@st.composite
def worlds(draw):
    """(world_size, local_world) with the one dividing the other."""
    local_world = draw(st.integers(1, 4))
    return local_world * draw(st.integers(1, 9)), local_world


@given(st.integers(0, 10**15), sizes, lanes)
@example(200, 100, 300)
@example(2**16 - 50, 100, 2**16)
def test_a_batch_is_the_next_positions_lane_by_lane(start, size, lanes):
    positions = batch_positions(start, size, lanes).tolist()
    assert positions == sorted(range(start, start + size), key=lambda g: (g % lanes, g))


@given(st.integers(0, 10**15), sizes, lanes, st.integers(1, 5))
def test_several_batches_are_each_of_them(start, size, lanes, count):
    each = [batch_positions(start + number * size, size, lanes) for number in range(count)]
    assert batches_positions(start, size, lanes, count).tolist() == np.stack(each).tolist()


@given(sizes, worlds())
def test_ranks_share_the_rows_evenly_and_without_gap(size, world):
    world_size, local_world = world
    rows = [range(size)[Rank(rank, world_size, local_world).rows(size)] for rank in range(world_size)]
    assert sorted(row for each in rows for row in each) == list(range(size))
    nodes = world_size // local_world
    for node in range(nodes):
        of_node = sorted(row for each in rows[node * local_world : (node + 1) * local_world] for row in each)
        assert of_node == list(range(node * size // nodes, (node + 1) * size // nodes))
    if size % world_size == 0:
        assert {len(each) for each in rows} == {size // world_size}


def test_rows_of_a_rank():
    assert Rank(1, 3).rows(10) == slice(3, 6, 1)
    assert [list(range(8)[Rank(rank, 4, 2).rows(8)]) for rank in range(4)] == [[0, 2], [1, 3], [4, 6], [5, 7]]


@given(st.integers(1, 400), sizes, worlds())
def test_a_finite_pass_holds_every_sample_once_and_has_one_shape(total, size, world):
    world_size, local_world = world
    size = max(size, world_size)
    seen = []
    for number in range(pass_batches(total, size)):
        for rank in range(world_size):
            ids, mask = pass_rows(total, size, number, Rank(rank, world_size, local_world))
            assert ids.shape == mask.shape == (-(-size // world_size),)
            assert not (~mask[:-1] & mask[1:]).any()
            assert (ids[~mask] == number * size).all()
            seen += ids[mask].tolist()
    assert sorted(seen) == list(range(total))


def test_the_last_batch_is_dealt_to_all_ranks():
    last = [pass_rows(13, 8, 1, Rank(rank, 4)) for rank in range(4)]
    assert [ids.tolist() for ids, _ in last] == [[8, 8], [9, 8], [10, 8], [11, 12]]
    assert [mask.tolist() for _, mask in last] == [[True, False], [True, False], [True, False], [True, True]]


@pytest.mark.parametrize(
    ("rank", "world_size", "local_world"), [(2, 2, 1), (-1, 2, 1), (0, 0, 1), (0, 6, 4), (0, 2, 0)]
)
def test_impossible_ranks_are_refused(rank, world_size, local_world):
    with pytest.raises(UsageError):
        Rank(rank, world_size, local_world)
