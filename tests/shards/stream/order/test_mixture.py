import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.shards.base.rng import hash64, key
from headrace.shards.stream.order.feistel import permute
from headrace.shards.stream.order.mixing import Stretch, stretches
from headrace.shards.stream.order.mixture import Mixture
from headrace.shards.stream.order.order import Order
from headrace.shards.stream.order.weights import counts_of

ragged = st.lists(st.integers(0, 40), min_size=1, max_size=8).filter(any)
weights = st.floats(0.01, 100)
LANES = st.integers(1, 9)
blocks = st.integers(1, 60) | st.none()


@st.composite
def mixtures(draw, lanes=LANES):
    """A mixture of one to four ragged sources, its orders and the changes of its weights, the first at 0."""
    width, block, seed = draw(lanes), draw(blocks), draw(st.integers(0, 5))
    sizes = draw(st.lists(ragged, min_size=1, max_size=4))
    orders = [
        Order(np.array(each), seed=seed, lanes=width, block=block, source=f"source {number}")
        for number, each in enumerate(sizes)
    ]
    jumps = draw(st.lists(st.integers(0, 2500 * width), max_size=3))
    counts = [counts_of(draw(st.lists(weights, min_size=len(sizes), max_size=len(sizes)))) for _ in range(4)]
    changes = list(zip([0, *itertools.accumulate(jumps)], counts, strict=False))
    return Mixture(orders, counts[0]).under(changes), orders, changes


def slow_mixture(orders, changes, seed, lanes, rounds):
    """Source and own position of each position of some rounds, row by row, from the docstring of `mixing`."""
    mixture_key = key("headrace.order", 1, "mixture", seed)
    found = {}
    for lane in range(lanes):
        done = [0] * len(orders)
        for number in range(rounds):
            counts = [counts for position, counts in changes if position <= number * 1000 * lanes][-1]
            members = [(source, done[source] + i) for source, count in enumerate(counts) for i in range(count)]
            slot_key = hash64(np.array([number]), hash64(np.array([lane]), mixture_key))
            slots = permute(np.arange(1000), np.full(1000, 1000), np.repeat(slot_key, 1000))
            for row, slot in enumerate(slots.tolist()):
                source, own_row = members[slot]
                found[(number * 1000 + row) * lanes + lane] = (source, own_row * lanes + lane)
            done = [before + count for before, count in zip(done, counts, strict=True)]
    return [found[position] for position in range(rounds * 1000 * lanes)]


@settings(max_examples=8)
@given(mixtures(lanes=st.integers(1, 3)))
def test_the_closed_form_is_the_mixture_row_by_row(drawn):
    mixture, orders, changes = drawn
    expected = slow_mixture(orders, changes, mixture.seed, mixture.lanes, rounds=6)
    found = mixture.locate(np.arange(len(expected)))
    first_shard = np.cumsum([0, *(order.sizes.size for order in orders)])
    first_id = np.cumsum([0, *(order.total for order in orders)])
    assert found.source.tolist() == [source for source, _ in expected]
    own = np.array([position for _, position in expected])
    for source, order in enumerate(orders):
        mine = found.source == source
        known = order.locate(own[mine])
        assert np.array_equal(found.shard[mine] - first_shard[source], known.shard)
        assert np.array_equal(found.id[mine] - first_id[source], known.id)
        assert np.array_equal(found.row[mine], known.row)
        assert np.array_equal(found.epoch[mine], known.epoch)
    assert np.array_equal(found.position, np.arange(len(expected)))


@settings(max_examples=15)
@given(mixtures(), st.integers(1, 5))
def test_in_whole_rounds_every_source_has_its_count_and_no_place_comes_twice(drawn, rounds):
    """Law 3 for mixtures: each source is read as if alone, as often as its counts say, whatever the changes."""
    mixture, orders, changes = drawn
    found = mixture.locate(np.arange(rounds * 1000 * mixture.lanes))
    for source, order in enumerate(orders):
        given_rows = sum(
            [counts for position, counts in changes if position <= number * 1000 * mixture.lanes][-1][source]
            for number in range(rounds)
        )
        mine = found.source == source
        assert mine.sum() == given_rows * mixture.lanes
        seen = np.sort(found.epoch[mine] * order.total + found.id[mine] - sum(each.total for each in orders[:source]))
        assert np.array_equal(seen, np.sort(ordinals(order, given_rows * mixture.lanes)))
        whole = given_rows * mixture.lanes // order.total * order.total
        assert np.array_equal(seen[:whole], np.arange(whole))


def ordinals(order, count):
    """Epoch and sample, as one number, of the first positions of a source."""
    alone = order.locate(np.arange(count))
    return alone.epoch * order.total + alone.id


@settings(max_examples=30)
@given(mixtures(), st.lists(st.integers(0, 10**12), min_size=1, max_size=20))
def test_positions_are_independent_of_one_another_and_found_again(drawn, positions):
    mixture, _, _ = drawn
    together = mixture.locate(np.array(positions))
    apart = [mixture.locate(np.array([position])) for position in positions]
    assert together.id.tolist() == [int(each.id[0]) for each in apart]
    assert together.epoch.tolist() == [int(each.epoch[0]) for each in apart]
    for number, position in enumerate(positions):
        place = together[np.array([number])]
        assert mixture.find(int(place.epoch[0]), place.shard, place.row).tolist() == [position]


@given(mixtures(), st.integers(0, 10**9), st.integers(0, 20))
def test_what_is_read_instead_is_of_the_same_source_and_epoch(drawn, position, attempts):
    mixture, _, _ = drawn
    own = mixture.locate(np.array([position]))
    source = int(own.source[0])
    found = mixture.instead(position, attempts)
    assert set(found.source.tolist()) <= {source}
    assert set(found.epoch.tolist()) <= set(own.epoch.tolist())
    assert own.id[0] not in found.id
    assert len(set(found.id.tolist())) == len(found) <= attempts
    assert set(found.position.tolist()) <= {position}
    listed = mixture.listed(found.id)
    assert np.array_equal(listed.shard, found.shard)
    assert np.array_equal(listed.row, found.row)


@given(mixtures())
def test_a_finite_pass_lists_source_after_source(drawn):
    mixture, orders, _ = drawn
    found = mixture.listed(np.arange(mixture.total))
    expected = [
        (source, shard, row)
        for source, order in enumerate(orders)
        for shard, size in enumerate(order.sizes.tolist())
        for row in range(size)
    ]
    before = np.cumsum([0, *(order.sizes.size for order in orders)])
    shards = found.shard - before[found.source]
    assert list(zip(found.source.tolist(), shards.tolist(), found.row.tolist(), strict=True)) == expected


def test_changes_apply_from_the_next_round_and_the_last_one_counts():
    a, b, c = (500, 500), (600, 400), (1, 999)
    assert stretches([(0, a)], 4) == (Stretch(0, a),)
    assert stretches([(0, a), (4000, b)], 4) == (Stretch(0, a), Stretch(1, b))
    assert stretches([(0, a), (4001, b)], 4) == (Stretch(0, a), Stretch(2, b))
    assert stretches([(0, a), (4001, b), (7999, c)], 4) == (Stretch(0, a), Stretch(2, c))
    assert stretches([(0, a), (4001, b), (7999, a)], 4) == (Stretch(0, a),)
    assert stretches([(0, a), (0, b), (9000, b)], 4) == (Stretch(0, b),)


def small():
    orders = [Order(np.array(sizes), seed=3, lanes=4, block=8, source=name) for name, sizes in SOURCES.items()]
    return Mixture(orders, (700, 300))


SOURCES = {"web": [5, 0, 17, 1, 30], "code": [9, 12]}
POSITIONS = np.array([0, 1, 6, 9, 53, 4000, 4007, 8001, 10**12 + 2, 10**15])


def test_golden_values():
    found = small().locate(POSITIONS)
    assert found.source.tolist() == [0, 0, 1, 1, 0, 0, 0, 0, 1, 0]
    assert found.epoch.tolist() == [50, 11, 40, 13, 16, 53, 66, 120, 14285714303, 13207547169837]
    assert found.shard.tolist() == [2, 0, 5, 6, 0, 2, 4, 0, 5, 2]
    assert found.row.tolist() == [10, 0, 2, 8, 3, 5, 25, 2, 0, 6]
    assert found.id.tolist() == [15, 0, 55, 70, 3, 10, 48, 2, 53, 11]


def test_golden_values_after_a_change_of_weights():
    found = small().under([(0, (700, 300)), (5, (100, 900))]).locate(POSITIONS)
    assert found.source.tolist() == [0, 0, 1, 1, 0, 0, 1, 1, 1, 1]
    assert found.id.tolist() == [15, 0, 55, 70, 3, 10, 60, 69, 55, 63]


def test_a_source_has_the_same_order_in_any_company():
    """What one source gives does not depend on what else is in the mixture, nor on its weight."""
    web = Order(np.full(9, 30), lanes=2, block=50, source="web")
    others = [Order(np.full(5, 20), lanes=2, block=50, source=name) for name in ("code", "books")]

    def order_of_web(mixture):
        places = mixture.locate(np.arange(mixture.lanes * 5000))
        where = [order.source for order in mixture.orders].index("web")
        mine = places[np.flatnonzero(places.source == where)]
        first = int(sum(order.total for order in mixture.orders[:where]))
        return set(zip(mine.epoch.tolist(), (mine.id - first).tolist(), strict=True))

    few, many = order_of_web(Mixture([others[0], web], (990, 10))), order_of_web(Mixture([web, *others], (900, 50, 50)))
    assert few < many


def test_a_mixture_of_a_billion_positions_is_found_at_once():
    """Law 5: no cost and no memory grows with the position."""
    mixture = small()
    for position in (10**15, 2**61):
        assert len(mixture.locate(np.arange(position, position + 4096))) == 4096


def test_lanes_of_a_mixture_read_the_same_lanes_of_its_sources():
    mixture = small()
    positions = np.arange(40_000)
    found = mixture.locate(positions)
    for source, order in enumerate(mixture.orders):
        mine = np.flatnonzero(found.source == source)
        own = order.find(0, *on_disk(mixture, found[mine[found.epoch[mine] == 0]]))
        assert np.array_equal(own % 4, positions[mine[found.epoch[mine] == 0]] % 4)


def on_disk(mixture, places):
    """Shard, as its own source counts them, and row."""
    before = np.cumsum([0, *(order.sizes.size for order in mixture.orders)])
    return places.shard - before[places.source], places.row


@pytest.mark.parametrize("seed", [0, 1])
def test_weights_are_met_within_every_thousand_rows(seed):
    orders = [Order(np.array([50]), seed=seed, lanes=3, source=name) for name in "ab"]
    found = Mixture(orders, (800, 200)).locate(np.arange(3 * 10_000)).source.reshape(10, 1000, 3)
    assert (found.sum(axis=1) == 200).all()
    # Within them they come as by chance: neither in a run nor in turn.
    assert 0.5 < (found[:, :500].sum(axis=1) / 100).mean() < 1.5
