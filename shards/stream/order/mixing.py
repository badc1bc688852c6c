"""Which source of a mixture a position is read from, and where in it, in closed form.

Source m of M has the count c_m of 1000 (see `weights`); start_m = c_0 + ... + c_(m-1). With L lanes, position g lies in

    lane l = g mod L        row u = g div L        round b = u div 1000

A round is 1000 rows of a lane, in which source m comes just c_m times, in shuffled order. The slot

    s = permute(u mod 1000, 1000, k)               see `feistel`; k = hash64(b, hash64(l, mixture key))

selects the source m with start_m <= s < start_m + c_m, and of its own endless stream (see `order`) the position

    (d_m + (b - b_0) * c_m + s - start_m) * L + l

in the same lane l: each lane of the mixture reads the same lane of every source, so that locality per lane holds for
mixtures too. No row of a source's lane is left out or comes twice.

Within a round a source's rows come in shuffled order. So a node holds what c_m rows of each of its lanes need, and a
round of 1000 * L positions has samples of several epochs of a source that has fewer than c_m * L samples.

**Changes of weights.** Counts that are asked for at position p apply from round ceil(p / (1000 * L)) on, so that all
lanes change at one row; of several that would apply from one round the last does. Here b_0 is the round from which
on the counts in force apply, and d_m how many rows of each lane source m gave before it: 0 at first, and after each
stretch of n rounds with the counts c_m, n * c_m more. So every source goes on where it was.

The mixture key is key("headrace.order", 1, "mixture", seed), see `headrace.shards.base.rng`. It does not depend on
counts: a change of weights leaves the slots as they are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...base.rng import hash64
from .feistel import invert, permute
from .weights import WHOLE

_Ints = NDArray[np.int64]
Counts = tuple[int, ...]


class Stretch(NamedTuple):
    """From a round on, these counts are in force."""

    round: int
    counts: Counts


def stretches(changes: Iterable[tuple[int, Sequence[int]]], lanes: int) -> tuple[Stretch, ...]:
    """When which counts are in force.

    Args:
        changes: Positions, the first one 0 and none before the last, with the counts that were asked for there.
        lanes: L.
    """
    found: list[Stretch] = []
    for position, counts in changes:
        first = -(-position // (WHOLE * lanes))
        while found and found[-1].round == first:
            found.pop()
        if not found or found[-1].counts != tuple(counts):
            found.append(Stretch(first, tuple(counts)))
    return tuple(found)


@dataclass(frozen=True)
class Rota:
    """The stretches of a mixture as tables; int64 arrays over S stretches and M sources.

    Attributes:
        stretches: The stretches themselves.
        round: (S,): b_0.
        count: (S, M): c_m.
        start: (S, M): start_m.
        done: (S, M): d_m.
        source: (S, 1000): the source that each slot selects.
    """

    stretches: tuple[Stretch, ...]
    round: _Ints
    count: _Ints
    start: _Ints
    done: _Ints
    source: _Ints

    @classmethod
    def of(cls, stretches: tuple[Stretch, ...]) -> "Rota":
        """The tables of stretches, the first of which begins with round 0."""
        first = np.array([stretch.round for stretch in stretches], dtype=np.int64)
        count = np.array([stretch.counts for stretch in stretches], dtype=np.int64)
        given = np.cumsum(np.diff(first)[:, None] * count[:-1], axis=0)
        done = np.concatenate((np.zeros_like(count[:1]), given))
        source = np.stack([np.repeat(np.arange(count.shape[1]), each) for each in count])
        return cls(stretches, first, count, np.cumsum(count, axis=1) - count, done, source)


def selected(positions: _Ints, lanes: int, key: int, rota: Rota) -> tuple[_Ints, _Ints]:
    """The source that each position is read from, and the position in that source's own stream.

    Args:
        positions: int64 array of shape (n,), each at least 0.
        lanes: L.
        key: The mixture key.
        rota: Which counts are in force.

    Returns:
        Two int64 arrays of shape (n,).
    """
    row = positions // lanes
    lane = positions - row * lanes
    number = row // WHOLE
    slot = permute(row - number * WHOLE, np.full_like(row, WHOLE), hash64(number, hash64(lane, key)))
    stretch = np.searchsorted(rota.round, number, side="right") - 1
    source = rota.source[stretch, slot]
    own = rota.done[stretch, source] + slot - rota.start[stretch, source]
    own += (number - rota.round[stretch]) * rota.count[stretch, source]
    return source, own * lanes + lane


def reached(source: int, own: _Ints, lanes: int, key: int, rota: Rota) -> _Ints:
    """The positions of the mixture at which a source's own positions are read, the inverse of `selected`.

    Args:
        source: m.
        own: int64 array of shape (n,): positions in its own stream.
        lanes: L.
        key: The mixture key.
        rota: Which counts are in force.
    """
    row = own // lanes
    lane = own - row * lanes
    stretch = np.searchsorted(rota.done[:, source], row, side="right") - 1
    rounds, within = np.divmod(row - rota.done[stretch, source], rota.count[stretch, source])
    number = rota.round[stretch] + rounds
    slot = rota.start[stretch, source] + within
    inside = invert(slot, np.full_like(row, WHOLE), hash64(number, hash64(lane, key)))
    position: _Ints = (number * WHOLE + inside) * lanes + lane
    return position
