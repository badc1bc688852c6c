"""Transforms of samples and of batches: refusing a sample is damage, and nothing drawn depends on who asks."""

import numpy as np
import pytest

from headrace.shards import BatchTransform, CorruptSampleError, DamagedRowsError, Stream
from headrace.shards.base.rng import generator

N = 74
SETTINGS = {"seed": 3, "lanes": 2, "block": 37, "tolerated": 1.0}
forks = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
said = pytest.mark.filterwarnings("ignore::headrace.shards.stream.delivery.budget.DamagedSampleWarning")


def refused(sample):
    return CorruptSampleError(f"the sample {sample['__id__']} is of no use") if sample["__id__"] % 10 == 3 else None


def plain(sample, rng):
    if error := refused(sample):
        raise error
    return {
        "id": sample["__id__"],
        "position": sample["__position__"],
        "drawn": rng.random(4),
        "length": len(sample["txt"]),
    }


class Batched(BatchTransform):
    """Makes what `plain` makes."""

    encoded = ("txt",)

    def __call__(self, samples, rngs, empty):
        if damage := {row: error for row, sample in enumerate(samples) if (error := refused(sample))}:
            raise DamagedRowsError(damage)
        return self.made(samples, rngs, empty)

    def made(self, samples, rngs, empty):
        drawn = empty((len(samples), 4), np.dtype(np.float64))
        drawn[...] = rngs.random(4)
        length = empty((len(samples),), np.dtype(np.int64))
        length[...] = [len(sample["txt"]) for sample in samples]
        whole = {name: np.array([sample[f"__{name}__"] for sample in samples]) for name in ("id", "position")}
        return {**whole, "drawn": drawn, "length": length}


def columns(batches, names=("id", "position", "drawn", "length")):
    taken = [{name: np.asarray(batch[name]) for name in names} for batch in batches]
    return {name: np.concatenate([batch[name] for batch in taken]) for name in names}


def same(found, expected):
    return all(np.array_equal(found[name], expected[name]) for name in expected)


@said
@forks
@pytest.mark.parametrize("workers", [0, 2])
def test_a_batch_transform_gives_what_a_plain_one_does(images, workers):
    one, many = (Stream(images, **SETTINGS, transform=each) for each in (plain, Batched()))
    expected = one.batches(20, steps=8)
    made = columns(expected)
    for found in (many.batches(20, steps=8), many.loader(20, steps=8, num_workers=workers)):
        assert same(columns(found), made)
        assert found.replaced == expected.replaced
        assert found.digest == expected.digest


@said
@forks
@pytest.mark.parametrize("transform", [plain, Batched()], ids=["plain", "batched"])
def test_what_is_refused_is_replaced_alike_for_all_ranks_and_batches(images, transform):
    whole = Stream(images, **SETTINGS, transform=transform).batches(40, steps=4)
    expected = columns(whole)
    assert not (expected["id"] % 10 == 3).any()
    assert {each.bad % 10 for each in whole.replaced} == {3}
    assert all("is of no use" in each.reason for each in whole.replaced)
    ranks = [
        Stream(images, **SETTINGS, transform=transform).batches(40, rank=r, world_size=5, steps=4) for r in range(5)
    ]
    shares = [[columns([batch]) for batch in rank] for rank in ranks]
    dealt = {name: np.concatenate([share[step][name] for step in range(4) for share in shares]) for name in expected}
    assert same(dealt, expected)
    assert sorted(each for rank in ranks for each in rank.replaced) == sorted(whole.replaced)


@said
def test_what_is_drawn_is_the_samples_own(images):
    stream = Stream(images, **SETTINGS, transform=Batched())
    for batch in stream.batches(20, steps=8):
        for number, epoch, drawn in zip(batch["__id__"], batch["__epoch__"], batch["drawn"], strict=True):
            own = generator("headrace.transform", 3, "main", int(epoch), int(number))
            assert own.random(4).tolist() == drawn.tolist()


@said
def test_fields_that_are_taken_encoded_are_not_delivered_and_others_are(images):
    (batch,) = Stream(images, **SETTINGS, transform=Batched()).batches(20, steps=1)
    assert "txt" not in batch
    assert {"__key__", "__id__", "__epoch__", "__position__"} <= batch.keys()


@said
def test_a_finite_pass_masks_what_is_refused(images):
    walk = Stream(images, **SETTINGS, transform=Batched()).one_pass(20)
    kept = [batch["id"][mask] for batch, mask in walk]
    assert sorted(np.concatenate(kept).tolist()) == [number for number in range(N) if number % 10 != 3]
    assert {each.bad for each in walk.replaced} == {number for number in range(N) if number % 10 == 3}


@said
def test_damage_of_fields_and_refusal_go_together(images):
    def decode(data):
        if data == b"text 4":
            raise ValueError("four")
        return data

    def read(size):
        batches = Stream(images, **SETTINGS, codecs={"txt": decode}, transform=plain).batches(size, steps=80 // size)
        found = columns(batches)
        order = np.argsort(found["position"])
        return {name: column[order] for name, column in found.items()}, sorted(batches.replaced)

    (small, few), (large, many) = read(2), read(80)
    assert same(small, large)
    assert few == many
    assert {"four" in each.reason for each in many} == {True, False}


class Kept(Batched):
    """Makes what `Batched` makes, and says what it made of the others where some are refused."""

    def __call__(self, samples, rngs, empty):
        refusals = {row: error for row, sample in enumerate(samples) if (error := refused(sample))}
        made = self.made(samples, rngs, empty)
        if refusals:
            for row in refusals:
                for column in made.values():
                    column[row] = 77
            raise DamagedRowsError(refusals, made)
        return made


@said
@pytest.mark.parametrize("kind", ["plain", "batched"])
def test_no_sample_is_made_twice_because_another_one_is_refused(images, kind):
    made = []

    def counting(sample, rng):
        made.append(sample["__id__"])
        return plain(sample, rng)

    class Counting(Kept):
        def __call__(self, samples, rngs, empty):
            made.extend(sample["__id__"] for sample in samples)
            return super().__call__(samples, rngs, empty)

    transform = {"plain": counting, "batched": Counting()}[kind]
    batches = Stream(images, **SETTINGS, transform=transform).batches(N, steps=1)
    assert len(list(batches)) == 1
    tried = len(made) - N
    assert len(batches.replaced) <= tried <= 2 * len(batches.replaced)


@said
@forks
@pytest.mark.parametrize("workers", [0, 2])
def test_what_was_made_of_the_others_is_kept(images, workers):
    again, kept = (Stream(images, **SETTINGS, transform=each) for each in (Batched(), Kept()))
    expected = again.batches(20, steps=8)
    made = [dict(batch) for batch in expected]
    for found in (kept.batches(20, steps=8), kept.loader(20, steps=8, num_workers=workers)):
        batches = list(found)
        assert same(columns(batches), columns(made))
        for batch, other in zip(batches, made, strict=True):
            assert batch.keys() == other.keys()
            assert list(batch["__key__"]) == list(other["__key__"])
            assert np.array_equal(batch["__id__"], other["__id__"])
            assert np.array_equal(batch["__position__"], other["__position__"])
        assert found.replaced == expected.replaced
        assert found.digest == expected.digest
