"""The order of one source: from a position to the sample read there, in closed form.

Positions g = 0, 1, 2, ... count over all epochs. For a source of N samples, read by L lanes in blocks of B:

    epoch  e = g div N
    lane   l = g mod L
    offset o = (g mod N) div L                                    within the lane's share of the epoch
    block, base, size                                             of o, see `blocks`
    place  p = edge_e(l) + base + permute(o - base, size, k)      see `lanes`, `feistel`; k is the block key
    sample   = the p-th of the epoch's pieces, `lanes`: row (p - start of its piece + its first row)

The id of a sample is its number among all of the source's samples as the manifest lists them, shard after shard.

All keys are made by `headrace.shards.base.rng`, where `source` is the source's name in a mixture, and "main" otherwise:

    sequence key        key("headrace.order", 1, "sequence", seed, source)
    pieces key          key("headrace.order", 1, "pieces", seed, source, e)
    block key        k  hash64(block, hash64(l, key("headrace.order", 1, "blocks", seed, source, e)))

The number 1 is the version of the order, ORDER_VERSION. Over the N positions of an epoch, every sample comes exactly
once. Neither batch size, nor ranks, nor workers appear here, which is why the order cannot depend on them.

Cost: with S shards, O(S log S) once and again for each new epoch, then O(log S) a position; memory O(S + L).
Bounds: positions below 2^62, B <= 2^50, L <= 2^16.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...base.errors import UsageError
from ...base.rng import hash64, key
from .blocks import block_of, default_block, epoch_blocks, first_blocks
from .feistel import LARGEST, invert, permute
from .lanes import Pieces, epoch_pieces, shard_sequence
from .places import Places, joined
from .second import second_places
from .weights import WHOLE

ORDER_VERSION = 1
MAX_LANES = 2**16
MAIN = "main"
"""The name of a source that is in no mixture."""
_KEPT = 2**12
"""Pieces, about, of which the epochs that were used last are kept; two epochs are kept in any case."""

_Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Slots:
    """The slots of blocks that some positions fill; five arrays of shape (n,).

    Attributes:
        epoch: int64, number of the epoch.
        begin: int64, the place among the epoch's pieces at which the block begins.
        inside: int64, the slot's number in its block, from 0.
        size: int64, slots of the block.
        key: uint64, k, which shuffles the block.
    """

    epoch: _Ints
    begin: _Ints
    inside: _Ints
    size: _Ints
    key: NDArray[np.uint64]


class Order:
    """The endless order of one source.

    Args:
        sizes: int64 array of shape (shards,): samples in each shard, 0 allowed.
        seed: Any integer.
        lanes: L, part of the order's identity; the number of places in the data that are read at once.
        block: B, part of the order's identity; None for the default of `blocks`.
        source: The source's name in a mixture, part of the order's identity; MAIN outside of any.

    Raises:
        UsageError: There is no sample at all, or `lanes` or `block` is out of range.
    """

    def __init__(
        self, sizes: _Ints, *, seed: int = 0, lanes: int = 64, block: int | None = None, source: str = MAIN
    ) -> None:
        self.sizes = np.ascontiguousarray(sizes, dtype=np.int64)
        self.total = int(self.sizes.sum())
        if self.total == 0:
            raise UsageError(
                "there is nothing to stream" + ("" if source == MAIN else f" from '{source}'"),
                found=f"{self.sizes.size} shards with 0 samples in all",
                expected="at least one sample",
                remedy="Ask the build with `headrace explain` why every record was dropped",
            )
        self.seed, self.source = seed, source
        self.lanes = _within("lanes", lanes, MAX_LANES)
        shards = int(np.count_nonzero(self.sizes))
        self.block = _within("block", default_block(self.total, shards) if block is None else block, LARGEST)
        self._before = np.cumsum(self.sizes) - self.sizes
        self._first = first_blocks(self.block, self.lanes)
        self._sequence = shard_sequence(self.sizes, self._key("sequence"))
        self._recent: dict[int, _Epoch] = {}

    def under(self, asked: Iterable[tuple[int, tuple[int, ...]]]) -> "Order":
        """The order of a run whose counts were changed, see `Mixture.under`: of one source, always the same."""
        return self

    @property
    def orders(self) -> tuple["Order", ...]:
        """The order of each source, as a mixture has several."""
        return (self,)

    @property
    def counts(self) -> tuple[int, ...]:
        """The count of each source out of 1000."""
        return (WHOLE,)

    def locate(self, positions: _Ints) -> Places:
        """Find the samples at some positions.

        Args:
            positions: int64 array of shape (n,), each at least 0, in any order. The cost of a call is spread over
                them: a few thousand make good use of it.
        """
        slots = self.slots_of(positions)
        return self.places(positions, slots.epoch, slots.begin + permute(slots.inside, slots.size, slots.key))

    def instead(self, position: int, attempts: int) -> Places:
        """Find what may be read instead of the sample at a position: the rest of its block, and what lies behind it.

        First `slots`. Where a block has fewer, as those of small sets have, then the places (b + n) mod N, (b + n + 1)
        mod N, ... among the pieces of the epoch, where the block begins at place b and has n slots.

        Args:
            position: At least 0.
            attempts: How many to find.

        Returns:
            min(attempts, N - 1) places, all with this position, and none of them its own place.
        """
        block = self.slots(position, attempts)
        own = self.slots_of(np.array([position]))
        count = min(attempts, self.total - 1) - len(block)
        behind = (own.begin + own.size + np.arange(count)) % self.total
        return joined([block, self.places(np.full(count, position), own.epoch.repeat(count), behind)])

    def slots(self, position: int, attempts: int) -> Places:
        """Find the next slots of the block of a position, cyclically.

        With the position's slot number s in a block of n slots, these are the slots (s + 1) mod n, (s + 2) mod n, ...
        That each of them comes at its own position, too, changes nothing there.

        Args:
            position: At least 0.
            attempts: How many to find.

        Returns:
            min(attempts, n - 1) places, all with this position, and none of them its own place.
        """
        own = self.slots_of(np.array([position]))
        count = min(attempts, int(own.size[0]) - 1)
        inside = (own.inside + 1 + np.arange(count)) % own.size
        shuffled = permute(inside, own.size.repeat(count), own.key.repeat(count))
        return self.places(np.full(count, position), own.epoch.repeat(count), own.begin + shuffled)

    def seconds(self, places: Places) -> Places:
        """Find a second sample for each of some samples of this order, see `second`.

        Args:
            places: Where the first ones lie, and at which positions they are read.

        Returns:
            As many places, of the same positions.
        """
        place, begin, size = np.empty((3, len(places)), np.int64)
        for number, chosen in groups(places.epoch):
            found = self._epoch(number).found(places.shard[chosen], places.row[chosen])
            place[chosen], begin[chosen], size[chosen] = found
        drawn = second_places(places.position, place, begin, size, self.total, self._key("second"))
        return self.places(places.position, places.epoch, drawn)

    def slots_of(self, positions: _Ints) -> Slots:
        """Find the slots that positions fill, before their blocks are shuffled; arguments as for `locate`."""
        epoch = positions // self.total
        lane = positions % self.lanes
        offset = (positions - epoch * self.total) // self.lanes
        begin, base, size = np.empty((3, positions.size), np.int64)
        keys = np.empty(positions.size, np.uint64)
        for number, chosen in groups(epoch):
            block = self._epoch(number).block_of(lane[chosen], offset[chosen])
            begin[chosen], base[chosen], size[chosen], keys[chosen] = block
        return Slots(epoch, begin, offset - base, size, keys)

    def places(self, positions: _Ints, epoch: _Ints, place: _Ints) -> Places:
        """Say what lies at places among the pieces of epochs, and at which positions it is read.

        Args:
            positions: int64 array of shape (n,).
            epoch: int64 array of shape (n,): numbers of epochs.
            place: int64 array of shape (n,), each in [0, N).
        """
        shard, row = np.empty_like(place), np.empty_like(place)
        for number, chosen in groups(epoch):
            shard[chosen], row[chosen] = self._epoch(number).read(place[chosen])
        return Places(positions, np.zeros_like(positions), epoch, shard, row, self._before[shard] + row)

    def listed(self, ids: _Ints) -> Places:
        """Find samples by their number, as a finite pass takes them: positions 0 to N - 1 of epoch 0.

        Args:
            ids: int64 array of shape (n,), each in [0, N).
        """
        shard = np.searchsorted(self._before, ids, side="right") - 1
        zero = np.zeros_like(ids)
        return Places(ids, zero, zero, shard, ids - self._before[shard], ids)

    def find(self, epoch: int, shard: _Ints, row: _Ints) -> _Ints:
        """Find the positions at which samples come in an epoch, the inverse of `locate`.

        Args:
            epoch: Number of the epoch, from 0.
            shard: int64 array of shape (n,): numbers of shards.
            row: int64 array of shape (n,): rows that exist in them.

        Returns:
            int64 array of shape (n,).
        """
        lane, offset = self._epoch(epoch).find(shard, row)
        # The first position of the epoch in lane l is the first one from e * N on that is l modulo L.
        start = epoch * self.total
        return start + (lane - start) % self.lanes + offset * self.lanes

    slack = 0
    """By how many positions `span` and `surely_read` may be off, as those of a mixture are."""

    def span(self, source: int, first: _Ints, last: _Ints) -> tuple[_Ints, _Ints]:
        """Between which positions, both included, stretches of a lane are read; see `Mixture.span`."""
        return first, last

    def surely_read(self, source: int, position: int) -> int:
        """The own position of the source before which all is read before `position`; see `Mixture.surely_read`."""
        return position

    def pieces(self, epoch: int) -> Pieces:
        """What the lanes read in an epoch, see `lanes`."""
        return self._epoch(epoch).pieces

    def blocks(self, epoch: int) -> tuple[_Ints, _Ints, _Ints]:
        """All blocks of an epoch that hold samples, lane after lane: lane, base and end (base + size) of each."""
        return epoch_blocks(np.diff(self.pieces(epoch).edge), self._first, self.block)

    def _epoch(self, number: int) -> "_Epoch":
        if number not in self._recent:
            # A mixture reads several epochs of a small source at once.
            while len(self._recent) >= max(2, _KEPT // (self._sequence.shard.size + self.lanes)):
                del self._recent[next(iter(self._recent))]
            pieces = epoch_pieces(self._sequence, number, self.lanes, self._key("pieces", number))
            self._recent[number] = _Epoch(pieces, self._first, self.block, self._key("blocks", number))
        return self._recent[number]

    def _key(self, purpose: str, *epoch: int) -> int:
        return key("headrace.order", ORDER_VERSION, purpose, self.seed, self.source, *epoch)


@dataclass(frozen=True)
class _Epoch:
    """One epoch of an order."""

    pieces: Pieces
    first: _Ints
    block: int
    key: int

    def block_of(self, lane: _Ints, offset: _Ints) -> tuple[_Ints, _Ints, _Ints, NDArray[np.uint64]]:
        """The block of each offset: the place and the offset at which it begins, its size and its key."""
        start = self.pieces.edge[lane]
        number, base, size = block_of(offset, self.first[lane], self.pieces.edge[lane + 1] - start, self.block)
        return start + base, base, size, hash64(number, hash64(lane, self.key))

    def read(self, place: _Ints) -> tuple[_Ints, _Ints]:
        """Shard and row at each place."""
        piece = np.searchsorted(self.pieces.start, place, side="right") - 1
        return self.pieces.shard[piece], place - self.pieces.start[piece] + self.pieces.row[piece]

    def find(self, shard: _Ints, row: _Ints) -> tuple[_Ints, _Ints]:
        """Lane and offset at which each row of a shard comes."""
        place = self._place(shard, row)
        lane = self._lane(place)
        shuffled = place - self.pieces.edge[lane]
        _, base, size, keys = self.block_of(lane, shuffled)
        return lane, base + invert(shuffled - base, size, keys)

    def found(self, shard: _Ints, row: _Ints) -> tuple[_Ints, _Ints, _Ints]:
        """The place of each row of a shard, and that at which its block begins, and the block's size."""
        place = self._place(shard, row)
        lane = self._lane(place)
        begin, _, size, _ = self.block_of(lane, place - self.pieces.edge[lane])
        return place, begin, size

    def _lane(self, place: _Ints) -> _Ints:
        return np.searchsorted(self.pieces.edge, place, side="right") - 1

    def _place(self, shard: _Ints, row: _Ints) -> _Ints:
        by_row, known, stride = self._by_row
        piece = by_row[np.searchsorted(known, shard * stride + row, side="right") - 1]
        return self.pieces.start[piece] + row - self.pieces.row[piece]

    @cached_property
    def _by_row(self) -> tuple[NDArray[np.intp], _Ints, int]:
        """The pieces in the order of shard and row, a number for each that ascends like these, and its unit."""
        pieces = self.pieces
        stride = int((pieces.row + np.diff(pieces.start)).max())
        by_row = np.lexsort((pieces.row, pieces.shard))
        return by_row, pieces.shard[by_row] * stride + pieces.row[by_row], stride


def groups(labels: _Ints) -> list[tuple[int, slice | NDArray[np.intp]]]:
    """Group elements by their labels, such as epochs, of which nearly always there is one."""
    if labels.size == 0:
        return []
    if labels.min() == labels.max():
        return [(int(labels[0]), slice(None))]
    return [(int(label), np.flatnonzero(labels == label)) for label in np.unique(labels)]


def _within(name: str, value: int, most: int) -> int:
    if not 1 <= value <= most:
        raise UsageError(f"`{name}` is out of range", found=str(value), expected=f"an integer from 1 to {most}")
    return value
