"""Which lane needs which shard, and for how long: from the first sample of a block that touches it to the last.

A block is shuffled as a whole, so for as long as a lane reads a block, it needs every shard that the block touches.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .mixture import Mixture
from .order import Order
from .weights import WHOLE

_Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Needs:
    """Which lane needs which shard, from one offset of the lane to another (exclusive): int64 arrays of one shape.

    Attributes:
        lane: Number of the lane.
        shard: Number of the shard.
        begin: Offset within the lane, in its epoch, at which it begins to be needed.
        end: Offset from which on it is not.
    """

    lane: _Ints
    shard: _Ints
    begin: _Ints
    end: _Ints

    def of_lanes(self, chosen: NDArray[np.bool_]) -> "Needs":
        """Those of some lanes: a bool array of shape (lanes,)."""
        mine = chosen[self.lane]
        return Needs(self.lane[mine], self.shard[mine], self.begin[mine], self.end[mine])


def epoch_needs(order: Order, epoch: int) -> Needs:
    """Each block of an epoch with each piece that it touches."""
    pieces = order.pieces(epoch)
    lane, base, end = order.blocks(epoch)
    start = pieces.edge[lane]
    first = np.searchsorted(pieces.start, start + base, side="right") - 1
    count = np.searchsorted(pieces.start, start + end, side="left") - first
    block = np.repeat(np.arange(lane.size), count)
    piece = np.arange(block.size) - np.repeat(np.cumsum(count) - count - first, count)
    return Needs(lane[block], pieces.shard[piece], base[block], end[block])


def source_needs(order: Order | Mixture) -> list[Needs]:
    """What the lanes need of each source in its first epoch, from one row of the lanes of the stream to another."""
    if isinstance(order, Order):
        return [epoch_needs(order, 0)]
    return [_in_rounds(epoch_needs(each, 0), count) for each, count in zip(order.orders, order.counts, strict=True)]


def peak(needs: Needs, size: _Ints) -> int:
    """The largest size of the different shards that are needed at one offset.

    Args:
        needs: What is needed.
        size: int64 array of shape (shards,): the size of each.
    """
    shard = np.concatenate((needs.shard, needs.shard))
    moment = np.concatenate((needs.end, needs.begin))
    step = np.concatenate((np.full(needs.end.size, -1), np.full(needs.begin.size, 1)))
    by_shard = np.lexsort((-step, moment, shard))
    step = step[by_shard]
    # How many blocks need the shard after each step: it comes with the first of them and goes with the last.
    users = np.cumsum(step)
    comes, goes = (users == 1) & (step == 1), users == 0
    change = size[shard[by_shard]] * (comes.astype(np.int64) - goes)
    by_moment = np.lexsort((change, moment[by_shard]))
    return int(np.cumsum(change[by_moment]).max(initial=0))


def _in_rounds(needs: Needs, count: int) -> Needs:
    """What a source of a mixture needs, from which row of the mixture's lanes to which, instead of its own lanes'.

    The `count` rows that it gives in a round come in shuffled order: what one of them needs is needed for the round.
    """
    return replace(needs, begin=needs.begin // count * WHOLE, end=-(-needs.end // count) * WHOLE)
