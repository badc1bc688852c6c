import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.shards.base.errors import CorruptSampleError, StateError, UsageError
from headrace.shards.base.rng import generator
from headrace.shards.stream import Stream

N = 74


def drawn(sample, rng):
    """A transform whose result shows the numbers that it was given."""
    return {**sample, "drawn": rng.random(), "more": rng.integers(0, 100, 3)}


def rows(batch):
    """A batch as a list of rows that can be compared, each with the sample's id first."""
    names = ["__id__", *(name for name in batch if not isinstance(batch[name], list))]
    return [tuple(batch[name][row].tolist() for name in names) for row in range(len(batch["__id__"]))]


def run(images, chain, seed=3):
    """The rows of all global batches of a run that is stopped, resized and resumed as the chain says.

    Each link is (ranks, batch size, batches, local_world); every rank begins from the state of the last link.
    """
    found, state = [], None
    for ranks, size, count, local_world in chain:
        stream = Stream(images, seed=seed, lanes=4, block=9, transform=drawn)
        ends, shares = [], []
        for rank in range(ranks):
            batches = stream.batches(size, rank=rank, world_size=ranks, local_world=local_world, start=state)
            walk = iter(batches)
            shares.append([rows(next(walk)) for _ in range(count)])
            ends.append(batches.state_dict())
        assert all(end == ends[0] for end in ends)
        state = ends[0]
        for batch in range(count):
            found.append(joined([share[batch] for share in shares], local_world))
    return found


def joined(shares, local_world):
    """The rows of a global batch from those of its ranks."""
    batch = []
    for node in range(0, len(shares), local_world):
        mine = shares[node : node + local_world]
        for row in range(max(map(len, mine))):
            batch += [share[row] for share in mine if row < len(share)]
    return batch


links = st.tuples(st.integers(1, 3), st.integers(1, 2), st.integers(1, 4)).map(
    lambda drawn: (drawn[0] * drawn[1], drawn[2], drawn[1])
)


@settings(max_examples=40)
@given(st.integers(6, 30), st.lists(links, min_size=1, max_size=4))
def test_global_batches_are_the_same_for_any_ranks_and_restarts(images, size, chain):
    whole = run(images, [(1, size, sum(count for _, count, _ in chain), 1)])
    assert run(images, [(ranks, size, count, local) for ranks, count, local in chain]) == whole


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(4, 40), st.integers(1, 3)), min_size=1, max_size=5))
def test_any_chain_of_resizes_reads_on_where_it_stopped(images, chain):
    ids = [row[0] for batch in run(images, [(*link, 1) for link in chain]) for row in batch]
    length = sum(size * count for _, size, count in chain)
    stream = Stream(images, seed=3, lanes=4, block=9)
    for epoch, first in enumerate(range(0, length, N)):
        reached = stream.order.locate(np.arange(first, min(first + N, length))).id
        assert len(set(reached.tolist())) == reached.size, epoch
    assert sorted(ids) == sorted(stream.order.locate(np.arange(length)).id.tolist())


def test_a_sample_has_its_fields_and_what_identifies_it(images):
    stream = Stream(images, seed=1)
    (sample,) = stream.read(np.array([N + 5]))
    where = stream.order.locate(np.array([N + 5]))
    shard, row = int(where.shard[0]), int(where.row[0])
    assert sample.pop("npy").tolist() == [[32 * shard + row] * 3] * 2
    assert sample == {
        "__key__": f"s{shard}r{row}",
        "__id__": sum([5, 0, 17, 1, 30, 9, 12][:shard]) + row,
        "__epoch__": 1,
        "__position__": N + 5,
        "cls": row,
        "txt": f"text {row}",
    }


def test_fields_and_codecs_are_chosen(images):
    (sample,) = Stream(images, fields=["cls"], codecs={}).read(np.array([0]))
    assert [name for name in sample if not name.startswith("__")] == ["cls"]
    assert isinstance(sample["cls"], bytes)


def test_a_transform_draws_from_seed_epoch_and_sample_alone(images):
    stream = Stream(images, seed=5, transform=drawn)
    (sample,) = stream.read(np.array([N]))
    rng = generator("headrace.transform", 5, "main", 1, sample["__id__"])
    assert sample["drawn"] == rng.random()
    together = stream.read(np.arange(3 * N))
    assert len({each["drawn"] for each in together}) == 3 * N
    assert together[N]["drawn"] == sample["drawn"]
    assert Stream(images, seed=6, transform=drawn).read(np.array([N]))[0]["drawn"] != sample["drawn"]


def test_an_error_in_a_transform_says_in_which_sample(images):
    def broken(sample, rng):
        raise ValueError("no")

    with pytest.raises(ValueError, match="no") as caught:
        Stream(images, transform=broken).read(np.array([0]))
    assert "transform of the sample" in caught.value.__notes__[0]


def test_bytes_that_do_not_decode_name_the_sample(images):
    with pytest.raises(CorruptSampleError, match=r"field 'txt' of the sample 's\dr\d+' cannot be decoded \(row"):
        Stream(images, codecs={"txt": int}).read(np.array([0]))


def test_an_iteration_bounded_by_epochs_ends_and_goes_on(images):
    batches = Stream(images).batches(20, epochs=1)
    first, second = [[row for batch in batches for row in batch["__position__"].tolist()] for _ in range(2)]
    assert sorted(first + second) == list(range(80 + 80))
    assert len(first) == 80
    assert batches.state_dict()["position"] == 160


def test_one_pass_holds_every_sample_once_for_any_ranks(images):
    stream = Stream(images, transform=drawn)
    for ranks in (1, 3):
        passes = [stream.one_pass(20, rank=rank, world_size=ranks) for rank in range(ranks)]
        batches = [batch for each in passes for batch in each]
        real = [each for batch, mask in batches for each in np.array(rows(batch), dtype=object)[mask, 0].tolist()]
        assert sorted(real) == list(range(N))
        assert {len(mask) for _, mask in batches} == {-(-20 // ranks)}
        assert sum(each.padded for each in passes) == sum(int((~mask).sum()) for _, mask in batches)


@pytest.mark.parametrize("ranks", [1, 3])
def test_one_pass_may_take_the_first_samples_only(images, ranks):
    stream = Stream(images)
    passes = [stream.one_pass(20, rank=rank, world_size=ranks, samples=47) for rank in range(ranks)]
    batches = [batch for each in passes for batch in each]
    real = [each for batch, mask in batches for each in batch["__id__"][mask].tolist()]
    assert sorted(real) == list(range(47))
    assert {len(each) for each in passes} == {3}
    assert sum(each.padded for each in passes) == sum(int((~mask).sum()) for _, mask in batches)
    assert len(stream.one_pass(20, samples=10**9)) == len(stream.one_pass(20))


@pytest.mark.parametrize("change", [{"seed": 2}, {"lanes": 5}, {"block": 10}, {"window": 8}])
def test_a_state_of_other_settings_is_refused(words, change):
    settings = {"seed": 1, "lanes": 4, "block": 9, "window": 4}
    state = Stream(words, **settings).batches(4).state_dict()
    ((name, value),) = change.items()
    with pytest.raises(StateError, match=f": {name} changed.*{name} = {value} in this stream"):
        Stream(words, **settings | change).batches(4, start=state)


def test_a_state_of_other_shards_is_refused(images, tmp_path):
    manifest = Stream(images).manifest
    state = Stream(images, block=9).batches(4).state_dict()
    manifest.model_copy(update={"shards": manifest.shards[::-1]}).save(tmp_path)
    with pytest.raises(StateError, match=": manifest changed"):
        Stream(str(tmp_path), block=9).batches(4, start=state)


def test_a_stream_travels_to_another_process_unopened(images):
    stream = Stream(images, transform=drawn)
    stream.read(np.arange(9))
    copy = pickle.loads(pickle.dumps(stream))
    assert [each["drawn"] for each in copy.read(np.arange(9))] == [each["drawn"] for each in stream.read(np.arange(9))]


def test_arguments_that_do_not_fit_the_set_are_refused(images, words):
    with pytest.raises(UsageError, match="no windows"):
        Stream(images, window=3)
    with pytest.raises(UsageError, match=r"window=1024"):
        Stream(words)
    with pytest.raises(UsageError, match="no fields"):
        Stream(words, window=3, fields=["txt"])
    with pytest.raises(UsageError, match=r"Write fields=\['txt'\]"):
        Stream(images, fields="txt")
    with pytest.raises(UsageError, match="0 to 1"):
        Stream(images).batches(4, rank=2, world_size=2)
    with pytest.raises(UsageError, match="too small"):
        Stream(images).batches(4, world_size=5)


def test_a_set_may_be_named_by_a_path(images):
    expected = Stream(images).fingerprint()
    assert Stream(Path(images)).fingerprint() == expected
    assert Stream({Path(images): 2}).names == Stream({images: 1}).names


def test_steps_per_epoch(images):
    stream = Stream(images)
    assert stream.samples == N
    assert [stream.steps_per_epoch(size) for size in (1, 37, 73, 74, 75)] == [74, 2, 2, 1, 1]
