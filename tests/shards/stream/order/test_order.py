import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.base.errors import UsageError
from headrace.shards.base.rng import hash64, key
from headrace.shards.stream.order.feistel import permute
from headrace.shards.stream.order.order import Order

ragged = st.lists(st.integers(0, 40), min_size=1, max_size=12).filter(any)
lanes = st.integers(1, 70)
blocks = st.integers(1, 60)


def one_hash(x, some_key):
    return int(hash64(np.array([x]), some_key)[0])


def slow_epoch(sizes, epoch, seed, lanes, block, source="main"):
    """An epoch's (shard, row) position by position, by lists as long as the data, from the modules' docstrings."""
    purpose = ("headrace.order", 1)
    sequence_key = key(*purpose, "sequence", seed, source)
    pieces_key = key(*purpose, "pieces", seed, source, epoch)
    blocks_key = key(*purpose, "blocks", seed, source, epoch)
    held = [shard for shard, size in enumerate(sizes) if size]
    sequence = [(s, r) for s in sorted(held, key=lambda s: one_hash(s, sequence_key)) for r in range(sizes[s])]
    positions = range(epoch * sum(sizes), (epoch + 1) * sum(sizes))
    feeds = []
    for lane in range(lanes):
        share = sum(g % lanes == lane for g in positions)
        mine, sequence = sequence[:share], sequence[share:]
        pieces = [list(piece) for _, piece in itertools.groupby(mine, key=lambda place: place[0])]
        pieces.sort(key=lambda piece: one_hash(piece[0][0], pieces_key))
        rows = [place for piece in pieces for place in piece]
        feed, number, size = [], 0, int(block * (lane * 2654435769 % 2**32) / 2**32)
        while rows:
            stretch, rows = rows[:size], rows[size:]
            if stretch:
                n = len(stretch)
                block_key = one_hash(number, one_hash(lane, blocks_key))
                shuffled = permute(np.arange(n), np.full(n, n), np.full(n, block_key, dtype=np.uint64))
                feed += [stretch[i] for i in shuffled]
            number, size = number + 1, block
        feeds.append(iter(feed))
    return [next(feeds[g % lanes]) for g in positions]


@given(ragged, st.integers(0, 3), st.integers(-5, 5), lanes, blocks)
def test_the_closed_form_is_the_order_by_lists(sizes, epoch, seed, lanes, block):
    order = Order(np.array(sizes), seed=seed, lanes=lanes, block=block)
    found = order.locate(np.arange(order.total) + epoch * order.total)
    assert list(zip(found.shard.tolist(), found.row.tolist(), strict=True)) == slow_epoch(
        sizes, epoch, seed, lanes, block
    )
    assert set(found.epoch.tolist()) == {epoch}


@given(ragged, lanes, blocks | st.none(), st.integers(0, 2**63))
def test_every_epoch_holds_every_sample_once(sizes, lanes, block, seed):
    order = Order(np.array(sizes), seed=seed, lanes=lanes, block=block)
    found = order.locate(np.arange(3 * order.total))
    for epoch in range(3):
        ids = found.id[epoch * order.total : (epoch + 1) * order.total]
        assert np.array_equal(np.sort(ids), np.arange(order.total))


@given(ragged, lanes, blocks | st.none(), st.lists(st.integers(0, 10**12), max_size=30))
def test_positions_are_independent_of_one_another(sizes, lanes, block, positions):
    order = Order(np.array(sizes), lanes=lanes, block=block)
    together = order.locate(np.array(positions, dtype=np.int64))
    apart = [order.locate(np.array([position])) for position in positions]
    assert together.shard.tolist() == [int(each.shard[0]) for each in apart]
    assert together.row.tolist() == [int(each.row[0]) for each in apart]
    assert together.epoch.tolist() == [position // order.total for position in positions]


@given(ragged, lanes, blocks | st.none(), st.integers(0, 10**6))
def test_find_is_the_inverse_of_locate(sizes, lanes, block, epoch):
    order = Order(np.array(sizes), lanes=lanes, block=block)
    positions = np.arange(order.total) + epoch * order.total
    found = order.locate(positions)
    assert np.array_equal(order.find(epoch, found.shard, found.row), positions)


@given(ragged)
def test_listed_samples_lie_as_the_manifest_lists_them(sizes):
    order = Order(np.array(sizes))
    found = order.listed(np.arange(order.total))
    expected = [(shard, row) for shard, size in enumerate(sizes) for row in range(size)]
    assert list(zip(found.shard.tolist(), found.row.tolist(), strict=True)) == expected
    assert found.id.tolist() == list(range(order.total))


@given(ragged, lanes, blocks)
def test_a_block_is_a_stretch_of_its_lane_shuffled(sizes, lanes, block):
    order = Order(np.array(sizes), lanes=lanes, block=block)
    found = order.locate(np.arange(order.total))
    edge = order.pieces(0).edge
    for lane, base, end in zip(*order.blocks(0), strict=True):
        reached = np.arange(lane, order.total, lanes)[base:end]
        places = np.arange(edge[lane] + base, edge[lane] + end)
        piece = np.searchsorted(order.pieces(0).start, places, side="right") - 1
        rows = places - order.pieces(0).start[piece] + order.pieces(0).row[piece]
        expected = sorted(zip(order.pieces(0).shard[piece].tolist(), rows.tolist(), strict=True))
        assert sorted(zip(found.shard[reached].tolist(), found.row[reached].tolist(), strict=True)) == expected


@given(ragged, lanes, blocks, st.integers(0, 200), st.integers(0, 40))
def test_slots_to_read_instead_are_the_rest_of_the_block(sizes, lanes, block, position, attempts):
    order = Order(np.array(sizes), lanes=lanes, block=block)
    found = order.slots(position, attempts)
    # The positions of the block in the order in which they come, from the one asked for on.
    epoch, lane = position // order.total, position % order.lanes
    edge, first = order.pieces(epoch).edge, epoch * order.total
    mine = np.arange(first, first + order.total)[np.arange(first, first + order.total) % order.lanes == lane]
    assert mine.size == edge[lane + 1] - edge[lane]
    offset = int(np.searchsorted(mine, position))
    start = int(block * (lane * 2654435769 % 2**32) / 2**32)
    cuts = [0, *range(start, mine.size, block), mine.size]
    base, end = next((low, high) for low, high in itertools.pairwise(cuts) if low <= offset < high)
    others = np.concatenate((mine[offset + 1 : end], mine[base:offset]))[:attempts]
    expected = order.locate(others)
    assert found.id.tolist() == expected.id.tolist()
    assert found.shard.tolist() == expected.shard.tolist()
    assert found.row.tolist() == expected.row.tolist()
    assert set(found.epoch.tolist()) <= {epoch}
    assert found.position.tolist() == [position] * len(others)


def test_golden_slots():
    order = Order(np.array([5, 0, 17, 1, 30, 9, 12]), seed=3, lanes=4, block=8)
    assert order.slots(73, 16).id.tolist() == [68, 73, 67, 72, 70, 69]
    assert order.slots(10**15 + 1, 4).id.tolist() == [67, 69, 68, 70]


def test_the_order_depends_on_all_of_its_identity():
    sizes, positions = np.full(20, 50), np.arange(1000)

    def ids(epoch=0, **identity):
        return tuple(Order(sizes, **{"lanes": 8, "block": 100, **identity}).locate(positions + 1000 * epoch).id)

    orders = [
        ids(),
        ids(seed=1),
        ids(epoch=1),
        ids(seed=1, epoch=1),
        ids(lanes=9),
        ids(block=101),
        ids(source="other"),
    ]
    assert len(set(orders)) == len(orders)
    assert ids() == ids()


def test_neighbours_on_disk_come_in_turn_no_more_often_than_chance_has_it():
    order = Order(np.array([1000]), lanes=1, block=1000)
    ids = order.locate(np.arange(1000 * 200)).id.reshape(200, 1000)
    adjacent, expected = (np.abs(np.diff(ids, axis=1)) == 1).sum(), 200 * 2 * 0.999
    assert abs(adjacent - expected) < 5 * np.sqrt(expected)


def test_sets_that_are_sorted_by_class_are_mixed_in_every_batch():
    """The chi-square of a batch's class counts, by its degrees of freedom: 1 is what a random permutation gives."""
    classes, shards, rows, batch = 100, 1000, 200, 256
    order = Order(np.full(shards, rows))
    ids = order.locate(np.arange(order.total // batch * batch)).id
    cells = np.repeat(np.arange(ids.size // batch), batch) * classes + ids * classes // order.total
    counts = np.bincount(cells, minlength=ids.size // batch * classes).reshape(-1, classes)
    chi_square = ((counts - batch / classes) ** 2 / (batch / classes)).sum(axis=1) / (classes - 1)
    # Read as they lie, a batch is of one class: 99 and more.
    assert chi_square.mean() < 2
    assert chi_square.max() < 5


def test_golden_values():
    order = Order(np.array([5, 0, 17, 1, 30, 9, 12]), seed=3, lanes=4, block=8)
    found = order.locate(np.array([0, 1, 2, 3, 4, 73, 74, 10**12, 10**15]))
    assert found.shard.tolist() == [2, 4, 4, 4, 2, 6, 4, 2, 2]
    assert found.row.tolist() == [7, 0, 9, 27, 4, 9, 7, 10, 14]
    assert found.id.tolist() == [12, 23, 32, 50, 9, 71, 30, 15, 19]


@pytest.mark.parametrize("settings", [{"lanes": 0}, {"lanes": 2**16 + 1}, {"block": 0}, {"block": 2**50 + 1}])
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(UsageError, match="out of range"):
        Order(np.array([3]), **settings)


@pytest.mark.parametrize("sizes", [[], [0, 0]])
def test_a_set_without_samples_is_refused(sizes):
    with pytest.raises(UsageError, match="nothing to stream"):
        Order(np.array(sizes, dtype=np.int64))


def peak_of_a_resume(sizes):
    """The memory that it takes to open and to read on at 90% of the third epoch, in bytes; and what is read."""
    tracemalloc.start()
    try:
        order = Order(sizes, seed=1)
        found = order.locate(np.arange(4096) + int(2.9 * order.total))
        return tracemalloc.get_traced_memory()[1], found
    finally:
        tracemalloc.stop()


def test_a_resume_costs_as_much_as_there_are_shards_and_not_samples():
    """A billion samples in a hundred thousand shards."""
    sizes = np.random.default_rng(0).integers(5000, 15000, 100_000)
    many, found = peak_of_a_resume(sizes)
    few, _ = peak_of_a_resume(np.minimum(sizes, 3))
    assert sizes.sum() > 0.99e9
    assert many == pytest.approx(few, rel=0.05)
    assert many < 20 * 8 * sizes.size
    assert set(found.epoch.tolist()) == {2}
    assert len(set(found.shard.tolist())) > 200


def test_what_an_order_keeps_is_as_large_as_there_are_shards():
    order = Order(np.full(1000, 10**6), seed=1)
    for epoch in range(20):
        order.locate(np.arange(10) + epoch * order.total)
    assert kept(order) < 20 * 8 * 1000


def kept(value):
    """Bytes of all arrays within an object."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, dict):
        return sum(kept(each) for each in value.values())
    return sum(kept(each) for each in vars(value).values()) if hasattr(value, "__dict__") else 0
