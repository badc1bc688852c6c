"""The laws of the stream, held over arbitrary data, settings and histories of a run.

3. Coverage: over an epoch every sample exactly once, for any N, shard sizes, L, B, R, G.
4. Elasticity: the concatenated global batches are the same for every number of ranks, and after any chain of stop,
   resize, resume and reweight.
5. O(1) state, O(shards) start.

No byte is read here: batches are computed as the ranks of a run compute them, each with a cursor of its own. The same
chains over real shards, processes and killed workers are in the tests of what reads them.
"""

import json
import tracemalloc
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.shards.stream.delivery.cursor import Bound, Cursor, Share
from headrace.shards.stream.order.batch import Rank, batch_positions
from headrace.shards.stream.order.mixture import Mixture
from headrace.shards.stream.order.order import MAIN, Order
from headrace.shards.stream.order.weights import counts_of

ragged = st.lists(st.integers(0, 40), min_size=1, max_size=8).filter(any)
blocks = st.integers(1, 60) | st.none()
ANY_LANES, ANY_SOURCES, ANY_BATCH = st.integers(1, 70), st.integers(1, 3), st.integers(8, 100)
PRINT = {"seed": 1}

often = pytest.mark.parametrize("examples", [12, pytest.param(300, marks=pytest.mark.slow)])
"""A law is held over a few examples in a hurry, and over many where there is time."""


def hold(law, examples):
    """Hold a law, a function of hypothesis' data, over some examples."""
    settings(max_examples=examples)(given(st.data())(law))()


@dataclass(frozen=True)
class Link:
    """A part of a run: it is begun anew by some ranks, and goes on for some batches."""

    ranks: int
    local_world: int
    batch_size: int
    steps: int
    opened: tuple[int, ...]
    """The counts of the stream that is opened."""
    reweight: tuple[int, ...] | None
    """Counts that are asked for after half of the steps."""


@st.composite
def orders(draw, lanes=ANY_LANES, sources=ANY_SOURCES, sizes=ragged):
    """An order of one source, or a mixture of several."""
    count = draw(sources)
    identity = {"seed": draw(st.integers(-3, 3)), "lanes": draw(lanes), "block": draw(blocks)}
    names = [MAIN] if count == 1 else [f"source {number}" for number in range(count)]
    made = [Order(np.array(draw(sizes)), source=name, **identity) for name in names]
    return made[0] if count == 1 else Mixture(made, draw(counts(count)))


def counts(sources):
    weights = st.lists(st.floats(0.01, 100), min_size=sources, max_size=sources)
    return weights.map(counts_of)


@st.composite
def chains(draw, order, batch_sizes=ANY_BATCH, most_steps=8):
    """Any chain of stop, resize, resume and reweight."""
    sources = len(order.orders)
    other = counts(sources) if sources > 1 else st.just((1000,))
    known = draw(st.lists(other, min_size=1, max_size=2))
    links = []
    for _ in range(draw(st.integers(1, 4))):
        nodes, local_world = draw(st.integers(1, 4)), draw(st.integers(1, 2))
        links.append(
            Link(
                ranks=nodes * local_world,
                local_world=local_world,
                batch_size=draw(batch_sizes),
                steps=draw(st.integers(0, most_steps)),
                opened=draw(st.sampled_from(known)),
                reweight=draw(st.none() | other),
            )
        )
    return links


def run(order, chain):
    """The global batches of a run, and its last state; every rank begins from the state of the link before, as JSON."""
    batches, state = [], None
    for link in chain:
        ranks = [Rank(rank, link.ranks, link.local_world) for rank in range(link.ranks)]
        shares = [Share(link.batch_size, rank, Bound()) for rank in ranks]
        cursors = [Cursor(PRINT, order.total, share, state, link.opened) for share in shares]
        changed = [order.under(cursor.state.asked) for cursor in cursors]
        for step in range(link.steps):
            if link.reweight and step == link.steps // 2:
                for cursor in cursors:
                    cursor.reweight(link.reweight)
                changed = [order.under(cursor.state.asked) for cursor in cursors]
            batches.append(joined([rows(*each) for each in zip(changed, shares, cursors, strict=True)], link))
            for cursor in cursors:
                cursor.advance()
        states = [json.dumps(cursor.state_dict()) for cursor in cursors]
        assert len(set(states)) == 1
        state = json.loads(states[0])
    return batches, state


def rows(order, share, cursor):
    """What one rank takes of the batch at which its cursor stands, row by row: position, sample and epoch."""
    places = order.locate(share.positions(cursor.state.position, order.lanes, 1)[0])
    return np.stack((places.position, places.id, places.epoch), axis=1)


def joined(shares, link):
    """The rows of a global batch from those of its ranks."""
    batch = np.empty((link.batch_size, 3), np.int64)
    edges = np.cumsum([0, *map(len, shares)])[:: link.local_world]
    for node, (first, last) in enumerate(pairwise(edges)):
        for inner in range(link.local_world):
            batch[first:last][inner :: link.local_world] = shares[node * link.local_world + inner]
    return batch


def whole(batches):
    """The rows of all batches."""
    return np.concatenate([np.empty((0, 3), np.int64), *batches])


def alone(chain):
    """The same history with one rank."""
    return [Link(1, 1, link.batch_size, link.steps, link.opened, link.reweight) for link in chain]


@often
def test_global_batches_are_the_same_for_any_ranks(examples):
    """Ranks that go through the same history take, put together, what a single one takes."""

    def law(data):
        order = data.draw(orders())
        chain = data.draw(chains(order))
        batches, state = run(order, chain)
        expected, expected_state = run(order, alone(chain))
        assert state == expected_state
        assert len(batches) == len(expected)
        assert all(map(np.array_equal, batches, expected))

    hold(law, examples)


@often
def test_what_was_delivered_is_what_the_last_state_says(examples):
    """Every position comes once, whatever happened; and what was asked for later has not changed what came before."""

    def law(data):
        order = data.draw(orders())
        batches, state = run(order, data.draw(chains(order)))
        last = Cursor(PRINT, order.total, Share(1, Rank(), Bound()), state, tuple(state["opened"])).state
        places = order.under(last.asked).locate(np.arange(state["position"]))
        found = whole(batches)
        found = found[np.argsort(found[:, 0])]
        assert np.array_equal(found, np.stack((places.position, places.id, places.epoch), axis=1))
        for step, batch in enumerate(batches):
            position, size = last.position_of(step)
            assert np.array_equal(batch[:, 0], batch_positions(position, size, order.lanes))

    hold(law, examples)


@often
def test_every_epoch_holds_every_sample_once(examples):
    """Of each source, in the order in which the run reads its own positions, whatever G, R and the weights were."""

    def law(data):
        order = data.draw(orders())
        batches, _ = run(order, data.draw(chains(order)))
        _, number, epoch = whole(batches).T
        first_id = 0
        for each in order.orders:
            mine = (first_id <= number) & (number < first_id + each.total)
            visits = epoch[mine] * each.total + number[mine] - first_id
            assert np.unique(visits).size == visits.size
            # A source that is alone is read position by position: all epochs but the last are complete.
            if len(order.orders) == 1:
                complete = visits.size // each.total * each.total
                assert np.array_equal(np.sort(visits)[:complete], np.arange(complete))
            first_id += each.total

    hold(law, examples)


@often
def test_sources_are_mixed_by_the_weights_that_are_in_force(examples):
    """Every round of 1000 rows has just as many of each source as the counts say that were asked for before it."""

    def law(data):
        sizes = st.lists(st.integers(50, 400), min_size=2, max_size=8)
        order = data.draw(orders(lanes=st.integers(1, 3), sources=st.integers(2, 3), sizes=sizes))
        # Links are longer than a round of 1000 rows: what they ask for comes to be in force.
        chain = data.draw(chains(order, batch_sizes=st.integers(300, 900), most_steps=20))
        batches, state = run(order, chain)
        rows = whole(batches)
        source = np.empty(len(rows), np.int64)
        source[rows[:, 0]] = np.searchsorted(np.cumsum([each.total for each in order.orders]), rows[:, 1], side="right")
        asked = [(change[1], change[3]) for change in state["changes"]]
        width = 1000 * order.lanes
        for begin in range(0, state["position"] - width + 1, width):
            in_force = [counts for position, counts in asked if position <= begin][-1]
            found = np.bincount(source[begin : begin + width], minlength=len(order.orders))
            assert found.tolist() == [count * order.lanes for count in in_force]

    hold(law, examples)


def test_a_long_history_makes_a_short_state():
    state = None
    for link in range(50):
        share = Share(256 if link < 40 else 512, Rank(), Bound())
        cursor = Cursor(PRINT, 10_000, share, state, (700, 300))
        for _ in range(100):
            cursor.advance()
        if link == 20:
            cursor.reweight((600, 400))
        state = json.loads(json.dumps(cursor.state_dict()))
    assert [tuple(change[2:]) for change in state["changes"]] == [
        (256, [700, 300]),
        (256, [600, 400]),
        (512, [600, 400]),
    ]
    assert len(json.dumps(state)) < 300


def peak_of_a_resume(sizes, asked):
    """The memory that it takes to open a mixture and to read on after many epochs, in bytes."""
    tracemalloc.start()
    try:
        order = Mixture([Order(part, source=str(n)) for n, part in enumerate(np.array_split(sizes, 4))], (250,) * 4)
        found = order.under(asked).locate(np.arange(4096) + int(2.9 * order.total))
        return tracemalloc.get_traced_memory()[1], found
    finally:
        tracemalloc.stop()


def test_a_resume_of_a_mixture_costs_as_much_as_there_are_shards_and_not_samples():
    """A billion samples in a hundred thousand shards of four sources, after twenty changes of weights."""
    sizes = np.random.default_rng(0).integers(5000, 15000, 100_000)
    asked = [(10**7 * n, (250 + n, 250 - n, 250, 250)) for n in range(20)]
    many, found = peak_of_a_resume(sizes, asked)
    few, _ = peak_of_a_resume(np.minimum(sizes, 3), asked)
    assert many == pytest.approx(few, rel=0.1)
    assert many < 20 * 8 * sizes.size
    assert set(found.source.tolist()) == {0, 1, 2, 3}
