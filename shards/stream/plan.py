"""What each node of a training will read, and how much of it at once, before anything is started.

Rows of a batch are sorted by lane, so a node reads a few neighbouring lanes. Over L / gcd(G, L) steps the pattern
repeats; which nodes read which lanes is taken from that period. A node is charged with every shard of which it reads
a lane's piece, whole and once, however many of its lanes have a piece of it, as a shard cache that keeps them would.
Its working set at a moment is what it must hold to shuffle: the shards that the current blocks of its lanes touch, each
once again. Both are those of epoch 0; other epochs differ by the order of pieces within a lane.

Where L divides G and the nodes divide L, each source is cut between n nodes at n - 1 places, each of them in one shard
at most, so that on average 1 + (n - 1) * sources / shards nodes read a shard, at most. Hardly any order could do
better, if every node gets an equal share of an epoch and every sample comes once. Join each node to the shards that it
reads: a nodes and b shards that hang together take a + b - 1 joints at least, and they hang together unless some nodes'
shares are, to the sample, whole shards. With 20 shards of each source for every node it is within 1.05.

The numbers of a mixture are the sums of its sources' numbers, each over an epoch of its own, under the weights that the
stream was opened with. The sources' working sets are counted as if all were at their largest at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.errors import UsageError
from .order.batch import Rank, check_batch_size
from .order.lane_readers import lane_readers
from .order.lanes import Pieces
from .order.needs import Needs, peak, source_needs
from .order.order import MAIN
from .stream import Stream

_Ints = NDArray[np.int64]


@dataclass(frozen=True)
class NodeLoad:
    """What one node reads.

    Attributes:
        node: Number of the node.
        lanes: Lanes of which it reads rows.
        shards: Different shards that it reads in an epoch of each source.
        epoch_bytes: Their size.
        working_set_bytes: The largest size of all different shards that it needs at one moment.
    """

    node: int
    lanes: int
    shards: int
    epoch_bytes: int
    working_set_bytes: int


@dataclass(frozen=True)
class PlanAnswer:
    """What all nodes read.

    Attributes:
        samples: Samples (or windows) of an epoch.
        steps_per_epoch: Global batches that it takes to see them all.
        reads_per_shard: How many nodes read each shard in an epoch, on average.
        nodes: The load of each node.
        warnings: Sentences on what costs more than it must.
    """

    samples: int
    steps_per_epoch: int
    reads_per_shard: float
    nodes: tuple[NodeLoad, ...]
    warnings: tuple[str, ...]


def plan(stream: Stream, world_size: int, batch_size: int, ranks_per_node: int = 8) -> PlanAnswer:
    """Say what each node reads.

    Args:
        stream: The stream, with the settings of the run.
        world_size: Ranks in all.
        batch_size: Rows of the global batch.
        ranks_per_node: Ranks on each node; with fewer ranks than that, there is one node.

    Raises:
        UsageError: The ranks do not fill whole nodes, or a rank would have no row.
    """
    ranks = min(ranks_per_node, world_size)
    if ranks < 1 or world_size % ranks:
        raise UsageError(
            "the ranks do not fill whole nodes",
            found=f"{world_size} ranks, {ranks_per_node} on each node",
            expected="as many ranks on every node",
            remedy="Choose `--world` and `--ranks-per-node` so that one divides the other",
        )
    check_batch_size(batch_size, Rank(world_size=world_size))
    readers = lane_readers(batch_size, stream.order.lanes, world_size // ranks)
    sources = [
        _Loads(order.pieces(0), needs, member.manifest.shards.bytes)
        for order, needs, member in zip(stream.order.orders, source_needs(stream.order), stream.members, strict=True)
    ]
    loads = []
    for node, mine in enumerate(readers):
        shards, size, working_set = (sum(column) for column in zip(*(each.of(mine) for each in sources), strict=True))
        loads.append(NodeLoad(node, int(mine.sum()), shards, size, working_set))
    return PlanAnswer(
        samples=stream.samples,
        steps_per_epoch=stream.steps_per_epoch(batch_size),
        reads_per_shard=sum(load.shards for load in loads) / int(np.count_nonzero(stream.order.sizes)),
        nodes=tuple(loads),
        warnings=_warnings(stream, world_size, batch_size, readers),
    )


class _Loads:
    """What nodes read of one source.

    Args:
        pieces: What its lanes read in an epoch.
        needs: What they need at a time.
        size: int64 array of shape (shards,): the bytes of each shard.
    """

    def __init__(self, pieces: Pieces, needs: Needs, size: _Ints) -> None:
        self._shard, self._needs, self._size = pieces.shard, needs, size
        self._lane = np.searchsorted(pieces.edge, pieces.start[:-1], side="right") - 1

    def of(self, lanes: NDArray[np.bool_]) -> tuple[int, int, int]:
        """Shards, their bytes and the working set in bytes, for a node that reads these lanes."""
        shards = np.unique(self._shard[lanes[self._lane]])
        return shards.size, int(self._size[shards].sum()), peak(self._needs.of_lanes(lanes), self._size)


def _warnings(stream: Stream, world_size: int, batch_size: int, readers: NDArray[np.bool_]) -> tuple[str, ...]:
    lanes = stream.order.lanes
    reads = readers.sum() / lanes
    found = [
        f"{lanes} lanes share {order.total} samples{'' if order.source == MAIN else f' of {order.source!r}'}, at most "
        "one to each, and samples are shuffled within a lane: take fewer lanes."
        for order in stream.order.orders
        if order.total < lanes
    ]
    if len(readers) > lanes:
        found.append(
            f"{len(readers)} nodes share {lanes} lanes, so that {reads:.2f} of them read a lane on average: take at "
            "least as many lanes as nodes."
        )
    if batch_size % lanes and len(readers) > 1:
        found.append(
            f"{lanes} lanes do not divide a batch of {batch_size}, so that {reads:.2f} nodes read a lane on average: "
            f"with a batch of {-(-batch_size // lanes) * lanes} only lanes on a boundary are read twice."
        )
    if batch_size % world_size:
        found.append(f"{world_size} ranks do not divide a batch of {batch_size}: `headrace train` refuses that.")
    return tuple(found)
