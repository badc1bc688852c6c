"""The order of a mixture of sources: `mixing` selects, each source's own `order` locates.

Shards and samples of a mixture are numbered source after source. Its epoch, by which iterations may be bounded, is as
many positions as all sources together have samples; how often it holds the samples of one of them follows from
the counts. `Places.epoch` is that of the sample's own source. One finite pass takes all sources, one after the other.

Cost: that of each source's order to open; then a position costs a second permutation [about 250 ns in all with three
sources, 16 batches of 256 per call], and every source some 50 us in each call.
"""

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ...base.rng import key
from .feistel import permute
from .mixing import Counts, Rota, reached, selected, stretches
from .order import ORDER_VERSION, Order, groups
from .places import Places
from .weights import WHOLE

_Ints = NDArray[np.int64]


class Mixture:
    """The endless order of several sources.

    Args:
        orders: The order of each source, all of one seed and as many lanes, each named after its source.
        counts: The count of each source out of 1000, in force from position 0 on.
    """

    def __init__(self, orders: Sequence[Order], counts: Counts) -> None:
        self.orders, self.counts = tuple(orders), counts
        self.seed, self.lanes = self.orders[0].seed, self.orders[0].lanes
        self.sizes = np.concatenate([order.sizes for order in self.orders])
        self.total = sum(order.total for order in self.orders)
        self._first_shard = _starts([order.sizes.size for order in self.orders])
        self._first_id = _starts([order.total for order in self.orders])
        self._key = key("headrace.order", ORDER_VERSION, "mixture", self.seed)
        self._rota = Rota.of(stretches([(0, counts)], self.lanes))

    def under(self, asked: Iterable[tuple[int, Counts]]) -> "Mixture":
        """The order of a run whose counts were changed.

        Args:
            asked: Positions, the first one 0 and none before the last, and the counts that were asked for there.
        """
        found = stretches(asked, self.lanes)
        if found == self._rota.stretches:
            return self
        other = copy(self)
        other._rota = Rota.of(found)
        return other

    def locate(self, positions: _Ints) -> Places:
        """Find the samples at some positions; see `Order.locate`."""
        source, own = selected(positions, self.lanes, self._key, self._rota)
        chosen = groups(source)
        epoch, begin, inside, size = np.empty((4, positions.size), np.int64)
        keys = np.empty(positions.size, np.uint64)
        for number, mine in chosen:
            slots = self.orders[number].slots_of(own[mine])
            epoch[mine], begin[mine], inside[mine] = slots.epoch, slots.begin, slots.inside
            size[mine], keys[mine] = slots.size, slots.key
        # One permutation for all sources: most of its cost is in the number of calls.
        place = begin + permute(inside, size, keys)
        shard, row, ids = np.empty((3, positions.size), np.int64)
        for number, mine in chosen:
            found = self._of_mixture(number, self.orders[number].places(positions[mine], epoch[mine], place[mine]))
            shard[mine], row[mine], ids[mine] = found.shard, found.row, found.id
        return Places(positions, source, epoch, shard, row, ids)

    def instead(self, position: int, attempts: int) -> Places:
        """Find what may be read instead of the sample at a position, of the same source; see `Order.instead`."""
        source, own = selected(np.array([position]), self.lanes, self._key, self._rota)
        number = int(source[0])
        found = self.orders[number].instead(int(own[0]), attempts)
        return self._of_mixture(number, found, np.full(len(found), position))

    def seconds(self, places: Places) -> Places:
        """Find a second sample for each of some samples, of the same source; see `Order.seconds`."""
        shard, row, ids = np.empty((3, len(places)), np.int64)
        for number, mine in groups(places.source):
            first = places[mine]
            own = replace(first, shard=first.shard - self._first_shard[number])
            found = self._of_mixture(number, self.orders[number].seconds(own))
            shard[mine], row[mine], ids[mine] = found.shard, found.row, found.id
        return replace(places, shard=shard, row=row, id=ids)

    def listed(self, ids: _Ints) -> Places:
        """Find samples by their number, source after source; see `Order.listed`."""
        shard, row = np.empty_like(ids), np.empty_like(ids)
        source = np.searchsorted(self._first_id, ids, side="right") - 1
        for number, mine in groups(source):
            found = self.orders[number].listed(ids[mine] - self._first_id[number])
            shard[mine], row[mine] = found.shard + self._first_shard[number], found.row
        return Places(ids, source, np.zeros_like(ids), shard, row, ids)

    def find(self, epoch: int, shard: _Ints, row: _Ints) -> _Ints:
        """Find the positions at which samples come in an epoch of their own source; see `Order.find`."""
        positions = np.empty_like(shard)
        source = np.searchsorted(self._first_shard, shard, side="right") - 1
        for number, mine in groups(source):
            own = self.orders[number].find(epoch, shard[mine] - self._first_shard[number], row[mine])
            positions[mine] = reached(number, own, self.lanes, self._key, self._rota)
        return positions

    @property
    def slack(self) -> int:
        """By how many positions `span` and `surely_read` may be off: those of a round."""
        return WHOLE * self.lanes

    def span(self, source: int, first: _Ints, last: _Ints) -> tuple[_Ints, _Ints]:
        """Between which positions, both included, stretches of a source are read, each within one lane.

        Args:
            source: Number of the source.
            first: int64 array of shape (n,): first position in the source's own stream.
            last: int64 array of shape (n,): last position there, of the same lane.

        Returns:
            First and last position of the mixture, rounded to whole rounds, in which rows are shuffled.
        """
        begin, end = (reached(source, own, self.lanes, self._key, self._rota) // self.slack for own in (first, last))
        return begin * self.slack, (end + 1) * self.slack - 1

    def surely_read(self, source: int, position: int) -> int:
        """The own position of a source before which all is read before `position`, to a round."""
        number = position // self.slack
        stretch = int(np.searchsorted(self._rota.round, number, side="right")) - 1
        given = (number - int(self._rota.round[stretch])) * int(self._rota.count[stretch, source])
        return (int(self._rota.done[stretch, source]) + given) * self.lanes

    def _of_mixture(self, number: int, found: Places, position: _Ints | None = None) -> Places:
        """Places of a source, numbered as the mixture does."""
        return Places(
            found.position if position is None else position,
            np.full_like(found.source, number),
            found.epoch,
            found.shard + self._first_shard[number],
            found.row,
            found.id + self._first_id[number],
        )


def _starts(sizes: Sequence[int]) -> _Ints:
    return np.cumsum([0, *sizes[:-1]], dtype=np.int64)
