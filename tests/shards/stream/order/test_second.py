import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.stream import Stream
from headrace.shards.stream.order.mixture import Mixture
from headrace.shards.stream.order.order import Order

ragged = st.lists(st.integers(0, 40), min_size=1, max_size=12).filter(any)


@given(ragged, st.integers(1, 70), st.integers(1, 60), st.lists(st.integers(0, 10**9), min_size=1, max_size=30))
def test_the_second_sample_is_another_one_of_the_block(sizes, lanes, block, positions):
    order = Order(np.array(sizes), lanes=lanes, block=block)
    first, second = order.locate(np.array(positions)), order.seconds(order.locate(np.array(positions)))
    assert second.position.tolist() == positions
    assert np.array_equal(second.epoch, first.epoch)
    if order.total > 1:
        assert (first.id != second.id).all()
    for number, position in enumerate(positions):
        others = order.slots(position, 10**6).id
        assert others.size == 0 or second.id[number] in others
        assert order.seconds(order.locate(np.array([position]))).id[0] == second.id[number]


def test_every_other_sample_of_a_block_is_as_likely():
    order = Order(np.array([12]), lanes=1, block=12)
    positions = np.arange(12 * 1000)
    first, second = order.locate(positions).id, order.seconds(order.locate(positions)).id
    counts = np.zeros((12, 12))
    np.add.at(counts, (first, second), 1)
    assert (np.diag(counts) == 0).all()
    expected = 1000 / 11
    chi_square = ((counts[~np.eye(12, dtype=bool)] - expected) ** 2 / expected).sum()
    # 132 counts, each row of which has a fixed sum: 120 degrees of freedom, give or take 5 standard deviations.
    assert abs(chi_square - 120) < 5 * np.sqrt(2 * 120)


def test_a_mixture_draws_within_its_sources():
    orders = [Order(np.array(sizes), seed=3, lanes=4, block=8, source=name) for name, sizes in SOURCES.items()]
    mixture = Mixture(orders, (700, 300))
    positions = np.arange(20_000)
    first, second = mixture.locate(positions), mixture.seconds(mixture.locate(positions))
    assert np.array_equal(first.source, second.source)
    assert np.array_equal(first.epoch, second.epoch)
    assert (first.id != second.id).all()
    assert ((second.id >= 53) == (second.source == 1)).all()
    assert second.position.tolist() == positions.tolist()


SOURCES = {"web": [5, 0, 17, 1, 30], "code": [9, 12]}


def test_golden_values():
    order = Order(np.array([5, 0, 17, 1, 30, 9, 12]), seed=3, lanes=4, block=8)
    first = order.locate(np.array([0, 1, 2, 3, 4, 73, 74, 10**12, 10**15]))
    assert order.seconds(first).id.tolist() == [
        7,
        25,
        18,
        51,
        11,
        70,
        6,
        16,
        16,
    ]
    alone = Order(np.array([1]), lanes=1)
    assert alone.seconds(alone.locate(np.arange(3))).id.tolist() == [0, 0, 0]


def test_samples_carry_their_second_sample(images):
    stream = Stream(images, seed=4, second=True)
    samples = stream.read(np.arange(200))
    expected = stream.order.seconds(stream.order.locate(np.arange(200)))
    for number, sample in enumerate(samples):
        other = sample["__second__"]
        assert other["__id__"] == expected.id[number] != sample["__id__"]
        assert (other["__epoch__"], other["__position__"]) == (number // 74, number)
        assert set(other) == set(sample) - {"__second__"}
        assert other["txt"] != sample["txt"] or other["__key__"] != sample["__key__"]


def both(sample, rng):
    return {"__id__": sample["__id__"], "ids": np.array([sample["__id__"], sample["__second__"]["__id__"]])}


@pytest.mark.parametrize("ranks", [1, 3])
def test_a_transform_sees_both_whoever_reads_them(images, ranks):
    stream = Stream(images, seed=4, second=True, transform=both)
    shares = [iter(stream.batches(12, rank=rank, world_size=ranks)) for rank in range(ranks)]
    found = np.concatenate([next(share)["ids"] for share in shares])
    (whole,) = Stream(images, seed=4, second=True, transform=both).batches(12, steps=1)
    assert np.array_equal(found, whole["ids"])


def test_a_finite_pass_has_second_samples_too(images):
    stream = Stream(images, seed=4, second=True, transform=both)
    pairs = [pair for batch, mask in stream.one_pass(20) for pair in batch["ids"][mask].tolist()]
    assert [first for first, _ in pairs] == list(range(74))
    assert all(first != second for first, second in pairs)
    assert pairs == [pair for batch, mask in stream.one_pass(16) for pair in batch["ids"][mask].tolist()]
