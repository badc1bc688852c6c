"""Changes of weights in real runs: whatever was prepared ahead, by whichever processes, nothing of it is delivered."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.shards.base.errors import UsageError
from headrace.shards.format.manifest import Manifest
from headrace.shards.format.writer import ShardWriter
from headrace.shards.stream import Stream
from headrace.shards.stream.questions import samples_of_step, visits_of_sample

forks = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
WORKERS = [
    {},
    pytest.param({"num_workers": 2, "prefetch_factor": 3}, marks=forks),
    pytest.param({"num_workers": 2, "persistent_workers": True}, marks=forks),
]
WEIGHTS, OTHERS = {"web": 7, "code": 3}, {"web": 1, "code": 9}


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """Two small sets of samples, their URLs."""
    urls = {}
    for name, sizes in {"web": [20, 0, 11], "code": [7, 13]}.items():
        folder, shards = tmp_path_factory.mktemp(name), []
        for shard, samples in enumerate(sizes):
            with ShardWriter(folder, f"{shard:05d}.tar") as writer:
                for row in range(samples):
                    writer.add(f"{name}-{shard}-{row}", {"cls": b"%d" % row})
            shards.append(writer.info)
        Manifest(kind="samples", name=name, shards=tuple(shards)).save(folder)
        urls[name] = str(folder)
    return urls


def opened(sets, weights=WEIGHTS):
    """One lane, so that a round is 1000 positions."""
    return Stream({sets[name]: weight for name, weight in weights.items()}, seed=3, lanes=1, block=9)


def ids(batches):
    return [np.asarray(batch["__id__"]).tolist() for batch in batches]


def expected(sets, changes, steps, size=100):
    """The ids of the batches of a run, from the closed form."""
    counts = [(position, opened(sets).counts(weights)) for position, weights in changes]
    order = opened(sets).order.under(counts)
    return [order.locate(np.arange(step * size, (step + 1) * size)).id.tolist() for step in range(steps)]


@pytest.mark.parametrize("workers", WORKERS)
def test_weights_change_in_the_middle_of_an_iteration(sets, workers):
    loader = opened(sets).loader(100, steps=35, **workers)
    found = []
    for batch in loader:
        found += ids([batch])
        if len(found) == 7:
            loader.reweight(OTHERS)  # in force from position 1000 on
        if len(found) == 20:
            loader.reweight(WEIGHTS)  # at once: 2000 is a multiple of 1000
    assert found == expected(sets, [(0, WEIGHTS), (700, OTHERS), (2000, WEIGHTS)], 35)
    assert found != expected(sets, [(0, WEIGHTS)], 35)
    assert [change[1:] for change in loader.state_dict()["changes"]] == [
        [0, 100, [700, 300]],
        [700, 100, [100, 900]],
        [2000, 100, [700, 300]],
    ]


@pytest.mark.parametrize("bound", [{"steps": 4}, {"epochs": 1}])
def test_a_change_after_the_last_batch_of_an_iteration_leaves_it_ended(sets, bound):
    batches = opened(sets).batches(13, **bound)
    found = []
    for batch in batches:
        found.append(batch)
        if len(found) == 4:
            batches.reweight(OTHERS)
    assert len(found) == 4
    assert len(list(batches)) == 4 or "epochs" in bound


@pytest.mark.parametrize("workers", WORKERS)
def test_a_stream_with_other_weights_goes_on_with_these(sets, workers):
    loader = opened(sets).loader(100, steps=12, **workers)
    found = ids(loader)
    state = json.loads(json.dumps(loader.state_dict()))
    found += ids(opened(sets, OTHERS).loader(100, steps=30, start=state, **workers))
    assert found == expected(sets, [(0, WEIGHTS), (1200, OTHERS)], 30)


def test_a_stream_with_the_same_weights_goes_on_with_what_was_changed(sets):
    batches = opened(sets).batches(100, steps=12)
    batches.reweight(OTHERS)
    found = ids(batches)
    found += ids(opened(sets).batches(100, steps=30, start=batches.state_dict()))
    assert found == expected(sets, [(0, OTHERS)], 30)


@settings(max_examples=15)
@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.integers(3, 150), st.integers(0, 9), st.sampled_from([WEIGHTS, OTHERS])),
        min_size=1,
        max_size=6,
    )
)
def test_any_chain_of_ranks_sizes_and_weights_delivers_one_order(sets, chain):
    """Links are (ranks, batch size, batches, weights that the stream is opened with)."""
    found, state = {}, None
    for ranks, size, count, weights in chain:
        shares = [
            opened(sets, weights).batches(size, rank=rank, world_size=ranks, start=state) for rank in range(ranks)
        ]
        walks = [iter(share) for share in shares]
        for _ in range(count):
            for walk in walks:
                batch = next(walk)
                found |= dict(zip(batch["__position__"].tolist(), batch["__id__"].tolist(), strict=True))
        states = [share.state_dict() for share in shares]
        assert all(each == states[0] for each in states)
        state = states[0]
    order = opened(sets).order.under([(change[1], tuple(change[3])) for change in state["changes"]])
    assert len(found) == state["position"]
    assert [found[position] for position in range(len(found))] == order.locate(np.arange(len(found))).id.tolist()


def test_steps_before_and_after_a_change_are_told_from_the_state(sets):
    batches = opened(sets).batches(100, steps=25)
    keys = []
    for batch in batches:
        keys.append(batch["__key__"])
        if len(keys) == 5:
            batches.reweight(OTHERS)
    for step, seen in enumerate(keys):
        answer = samples_of_step(opened(sets), step, state=batches.state_dict())
        assert [visit.key for visit in answer.visits] == seen
        assert {visit.source for visit in answer.visits} <= {"web", "code"}
        assert all(visit.key.startswith(visit.source) for visit in answer.visits)


def test_visits_of_a_sample_of_a_mixture_are_where_it_is_read(sets):
    stream = opened(sets)
    for number in (0, 30, 31, 50):
        found = visits_of_sample(stream, number, epochs=4)
        assert [visit.epoch for visit in found] == [0, 1, 2, 3]
        read = stream.read(np.array([visit.position for visit in found]))
        assert [sample["__key__"] for sample in read] == [visit.key for visit in found]
        assert {sample["__id__"] for sample in read} == {number}


def test_weights_that_do_not_fit_are_refused(sets, images):
    batches = opened(sets).batches(10)
    for weights in ({"web": 1}, {"web": 1, "code": 1, "more": 1}, {"web": 0, "code": 1}):
        with pytest.raises(UsageError):
            batches.reweight(weights)
    with pytest.raises(UsageError, match="no mixture"):
        Stream(images).batches(10).reweight({"images": 1})
