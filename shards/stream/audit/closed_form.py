"""What the ranks of a run must have consumed, computed from the order alone: nothing is read, nothing was logged.

Row by row, a batch of G that begins at position s is what `batch` says; a rank's digest of it is the sum of the marks
(`digest`) of its rows. Cost: that of locating every position once, and a sort of each batch.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..delivery.digest import marks
from ..order.batch import Rank
from ..order.places import Places

_AT_ONCE = 1 << 18
"""Positions that are computed in one go: some tens of MB."""


class Locates(Protocol):
    """The order of a source or of a mixture."""

    lanes: int

    def locate(self, positions: NDArray[np.int64]) -> Places:
        """Find the samples at some positions."""


class Layout(NamedTuple):
    """How batches are dealt: their size, the number of ranks, and how many of them share a node's rows in turn."""

    batch_size: int
    world_size: int
    local_world: int

    def rows(self, rank: int) -> slice:
        """The rows of a rank."""
        return Rank(rank, self.world_size, self.local_world).rows(self.batch_size)


def batch_marks(
    order: Locates, batch_size: int, start: int, steps: int
) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """The rows of some batches: their positions and their marks, two arrays of shape (steps, batch_size).

    Args:
        order: The order.
        batch_size: G.
        start: The position at which the first batch begins.
        steps: How many batches.
    """
    positions = np.arange(start, start + steps * batch_size).reshape(steps, batch_size)
    by_lane = np.argsort((positions % order.lanes).astype(np.uint16), axis=1, kind="stable")
    positions = np.take_along_axis(positions, by_lane, axis=1)
    places = order.locate(positions.ravel())
    return positions, marks(places.position, places.id).reshape(positions.shape)


def step_digests(order: Locates, layout: Layout, start: int, stop: int) -> Iterator[tuple[int, NDArray[np.uint64]]]:
    """What each rank must have consumed in each step of a stretch.

    Args:
        order: The order.
        layout: How batches are dealt.
        start: The position at which the stretch begins.
        stop: That at which it ends, a whole number of batches later.

    Yields:
        The position at which some successive steps begin, and their digests: uint64 array of shape (steps, ranks).
    """
    size = layout.batch_size
    at_once = max(1, _AT_ONCE // size) * size
    for first in range(start, stop, at_once):
        _, found = batch_marks(order, size, first, (min(stop, first + at_once) - first) // size)
        sums = [found[:, layout.rows(rank)].sum(axis=1, dtype=np.uint64) for rank in range(layout.world_size)]
        yield first, np.stack(sums, axis=1)
