"""Which shards a node needs next: held against reading every position."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.shards.stream.order.mixture import Mixture
from headrace.shards.stream.order.needs import epoch_needs
from headrace.shards.stream.order.order import Order
from headrace.shards.stream.order.upcoming import Upcoming
from headrace.shards.stream.order.weights import counts_of

SIZES = st.lists(st.integers(0, 40), min_size=1, max_size=12).filter(any)


@st.composite
def orders(draw: st.DrawFn) -> Order:
    lanes, block = draw(st.integers(1, 7)), draw(st.integers(1, 50))
    return Order(np.array(draw(SIZES)), seed=draw(st.integers(0, 9)), lanes=lanes, block=block)


def first_needs(order: Order, lanes: np.ndarray, position: int) -> list[tuple[int, int]]:
    """Reference: (first position of need, shard) within two epochs, from the definition of a block."""
    found: dict[int, int] = {}
    for epoch in range(position // order.total, position // order.total + 3):
        needs = epoch_needs(order, epoch)
        zero = epoch * order.total
        for lane, shard, begin, end in zip(needs.lane, needs.shard, needs.begin, needs.end, strict=True):
            own = [zero + (lane - zero) % order.lanes + at * order.lanes for at in (begin, end - 1)]
            if lanes[lane] and own[1] >= position and own[0] < position + 2 * order.total:
                found[shard] = min(found.get(shard, own[0]), own[0])
    return sorted((begin, shard) for shard, begin in found.items())


@given(orders(), st.data())
def test_shards_come_in_the_order_of_need(order: Order, data: st.DataObject) -> None:
    lanes = np.array(data.draw(st.lists(st.booleans(), min_size=order.lanes, max_size=order.lanes)))
    position = data.draw(st.integers(0, 3 * order.total))
    upcoming = Upcoming(order, lanes)
    wanted = first_needs(order, lanes, position)
    found = list(upcoming.shards(position))
    assert sorted(found) == sorted((shard, begin) for begin, shard in wanted)
    assert [begin for _, begin in found] == [begin for begin, _ in wanted]
    # What it has answered before makes no odds.
    for other in (position + order.total, 0, position):
        again = list(upcoming.shards(other))
    assert again == found


@given(orders(), st.data())
def test_no_sample_is_read_from_a_shard_that_is_not_needed(order: Order, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, 2 * order.total))
    needed = [shard for shard, _ in Upcoming(order, np.ones(order.lanes, np.bool_)).shards(position)]
    read = order.locate(np.arange(position, position + order.total)).shard
    assert set(read.tolist()) <= set(needed)
    now = set(order.locate(np.arange(position, position + order.lanes)).shard.tolist())
    assert now <= set(needed[: 1 + max((needed.index(shard) for shard in now), default=0)])


@settings(max_examples=30)
@given(st.lists(SIZES, min_size=2, max_size=3), st.integers(1, 4), st.data())
def test_of_a_mixture(sizes: list[list[int]], lanes: int, data: st.DataObject) -> None:
    sources = [
        Order(np.array(each), lanes=lanes, block=9, source=f"source {number}") for number, each in enumerate(sizes)
    ]
    weights = data.draw(st.lists(st.integers(1, 20), min_size=len(sizes), max_size=len(sizes)))
    mixture = Mixture(sources, counts_of(weights))
    position = data.draw(st.integers(0, 5000))
    needed = [shard for shard, _ in Upcoming(mixture, np.ones(lanes, np.bool_)).shards(position)]
    assert len(set(needed)) == len(needed)
    read = mixture.locate(np.arange(position, position + mixture.total)).shard
    assert set(read.tolist()) <= set(needed)


def test_what_is_surely_read_is() -> None:
    sources = [Order(np.array([30, 11]), lanes=3, source="a"), Order(np.array([25]), lanes=3, source="b")]
    mixture = Mixture(sources, (600, 400))
    for each in (mixture, mixture.under([(0, (600, 400)), (3000, (1, 999))])):
        read = each.locate(np.arange(12_001)).source
        for position in (0, 2999, 3000, 7000, 12_000):
            for source in range(2):
                count = int((read[:position] == source).sum())
                assert 0 <= count - each.surely_read(source, position) <= each.slack
