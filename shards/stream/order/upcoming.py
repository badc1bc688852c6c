"""The shards that a node will need from a position on, in the order in which it will need them: closed form, like all.

A lane needs a shard from the position at which a block that touches it begins to the one at which that block ends, see
`needs`. From a position p on, a shard is needed next at the first such position, or now where a block that touches it
is under way; those that are needed now stand in the order in which they began to be.

Only blocks count, not how they are shuffled: it costs O(shards) an epoch, once, and then O(shards) for each answer.
In a mixture, positions are told up to a round of 1000 rows, within which its sources are shuffled.
"""

from collections.abc import Iterator
from copy import deepcopy

import numpy as np
from numpy.typing import NDArray

from .mixture import Mixture
from .needs import epoch_needs
from .order import Order

_Ints = NDArray[np.int64]
_AHEAD = 2
"""Epochs within which shards are looked for: in one epoch a node needs all that it needs, in two it meets all of them
again, whatever its position."""


class Upcoming:
    """What a node needs next. It has a copy of the order, so that a thread may ask it.

    Args:
        order: The order of the stream.
        lanes: bool array of shape (L,): the lanes that the node reads.
    """

    def __init__(self, order: Order | Mixture, lanes: NDArray[np.bool_]) -> None:
        self._order = deepcopy(order)
        self._lanes = lanes
        self._first_shard = np.cumsum([0, *(each.sizes.size for each in order.orders)])
        self._known: dict[tuple[int, int], tuple[_Ints, _Ints, _Ints]] = {}

    def shards(self, position: int) -> Iterator[tuple[int, int]]:
        """The different shards that are needed at a position or within two epochs after it, the soonest first.

        Args:
            position: Any position; those before it are over.

        Returns:
            Pairs of a shard and the first position at which it is needed, which may lie before `position`.
        """
        seen = np.zeros(int(self._first_shard[-1]), dtype=np.bool_)
        for window in range(_AHEAD):
            start = position + window * self._order.total
            begin, shard = self._between(start, start + self._order.total, now=window == 0)
            order = np.argsort(begin, kind="stable")
            begin, shard = begin[order], shard[order]
            _, once = np.unique(shard, return_index=True)
            new = np.sort(once[~seen[shard[once]]])
            seen[shard[new]] = True
            yield from zip(shard[new].tolist(), begin[new].tolist(), strict=True)

    def _between(self, start: int, stop: int, now: bool) -> tuple[_Ints, _Ints]:
        """When shards begin to be needed, and which: from `start` to `stop`; and before, of those needed `now`."""
        begins, shards = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for source, order in enumerate(self._order.orders):
            first, last = (
                self._order.surely_read(source, at) // order.total for at in (start, stop + self._order.slack)
            )
            for epoch in range(first, last + 1):
                begin, end, shard = self._epoch(source, epoch)
                due = (begin < stop) & ((end if now else begin) >= start)
                begins.append(begin[due])
                shards.append(shard[due])
        return np.concatenate(begins), np.concatenate(shards)

    def _epoch(self, source: int, epoch: int) -> tuple[_Ints, _Ints, _Ints]:
        """First position, last position and shard of each need of the node's lanes in a source's epoch."""
        if (source, epoch) not in self._known:
            order = self._order.orders[source]
            needs = epoch_needs(order, epoch).of_lanes(self._lanes)
            # The first position of the epoch in lane l is the first one from e * N on that is l modulo L.
            zero = epoch * order.total
            start = zero + (needs.lane - zero) % order.lanes
            own = start + needs.begin * order.lanes, start + (needs.end - 1) * order.lanes
            begin, end = self._order.span(source, *own)
            stale = [each for each in self._known if each[0] == source and each[1] < epoch - 3]
            for each in stale:
                del self._known[each]
            self._known[source, epoch] = begin, end, needs.shard + self._first_shard[source]
        return self._known[source, epoch]
