"""What each node of a training will read, and how much of it at once, before anything is started.

Rows of a batch are sorted by lane, so a node reads a few neighbouring lanes. Over L / gcd(G, L) steps the pattern
repeats; which nodes read which lanes is taken from that period. A node is charged with every shard of which it reads
a lane's piece, whole, as a shard cache would. Its working set at a moment is what it must hold to shuffle: of each of
its lanes, the shards that the current block touches. Both are those of epoch 0; other epochs differ by the order of
pieces within a lane.
"""

from dataclasses import dataclass
from math import gcd

import numpy as np
from numpy.typing import NDArray

from ..base.errors import UsageError
from .stream import Stream

_Ints = NDArray[np.int64]


@dataclass(frozen=True)
class NodeLoad:
    """What one node reads.

    Attributes:
        node: Number of the node.
        lanes: Lanes of which it reads rows.
        shards: Shards that it reads in an epoch.
        epoch_bytes: Their size.
        working_set_bytes: The largest sum of shards that it needs at one moment.
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
        UsageError: The ranks do not fill whole nodes.
    """
    ranks = min(ranks_per_node, world_size)
    if ranks < 1 or world_size % ranks or batch_size < world_size:
        raise UsageError(
            "the ranks do not fill whole nodes, or there are more ranks than rows",
            found=f"{world_size} ranks, {ranks_per_node} on a node, a batch of {batch_size}",
        )
    reads = lane_readers(batch_size, stream.order.lanes, world_size // ranks)
    size = np.array([shard.bytes for shard in stream.manifest.shards], dtype=np.int64)
    pieces = stream.order.pieces(0)
    held = np.searchsorted(pieces.edge, pieces.start[:-1], side="right") - 1
    lane, base, end = stream.order.blocks(0)
    weight = _block_bytes(pieces.start, size[pieces.shard], pieces.edge[lane] + base, pieces.edge[lane] + end)
    loads = []
    for node, mine in enumerate(reads):
        shards = np.unique(pieces.shard[mine[held]])
        peak = _peak(base[mine[lane]], end[mine[lane]], weight[mine[lane]])
        loads.append(NodeLoad(node, int(mine.sum()), shards.size, int(size[shards].sum()), peak))
    return PlanAnswer(
        samples=stream.samples,
        steps_per_epoch=stream.steps_per_epoch(batch_size),
        reads_per_shard=sum(load.shards for load in loads) / int(np.count_nonzero(stream.order.sizes)),
        nodes=tuple(loads),
        warnings=_warnings(world_size, batch_size, stream.order.lanes, reads),
    )


def lane_readers(batch_size: int, lanes: int, nodes: int) -> NDArray[np.bool_]:
    """Which nodes read which lanes: bool array of shape (nodes, lanes)."""
    row_edges = np.arange(nodes + 1) * batch_size // nodes
    changes = np.zeros((nodes + 1, lanes), dtype=np.int64)
    for step in range(lanes // gcd(batch_size, lanes)):
        rows = batch_size // lanes + ((np.arange(lanes) - step * batch_size) % lanes < batch_size % lanes)
        lane = np.flatnonzero(rows)
        last = np.cumsum(rows)[lane] - 1
        first = last - rows[lane] + 1
        changes[np.searchsorted(row_edges, first, side="right") - 1, lane] += 1
        changes[np.searchsorted(row_edges, last, side="right"), lane] -= 1
    # A node between two others may have no row at all, where there are more nodes than rows.
    has_rows = np.diff(row_edges) > 0
    return (np.cumsum(changes, axis=0)[:nodes] > 0) & has_rows[:, None]


def _block_bytes(start: _Ints, size: _Ints, first: _Ints, end: _Ints) -> _Ints:
    """Bytes of the shards that the places first..end - 1 touch, for each block."""
    before = np.concatenate(([0], np.cumsum(size)))
    result: _Ints = (
        before[np.searchsorted(start, end, side="left")] - before[np.searchsorted(start, first, "right") - 1]
    )
    return result


def _peak(begin: _Ints, end: _Ints, weight: _Ints) -> int:
    """The largest sum of weights of intervals that overlap; where one ends and another begins, the end comes first."""
    moment = np.concatenate((end, begin))
    change = np.concatenate((-weight, weight))
    return int(np.cumsum(change[np.argsort(moment, kind="stable")]).max(initial=0))


def _warnings(world_size: int, batch_size: int, lanes: int, reads: NDArray[np.bool_]) -> tuple[str, ...]:
    found = []
    if batch_size % lanes:
        found.append(
            f"{lanes} lanes do not divide a batch of {batch_size}: a lane is read by {reads.sum() / lanes:.2f} nodes "
            f"on average; with a batch of {-(-batch_size // lanes) * lanes} only lanes on a boundary are read twice."
        )
    if batch_size % world_size:
        found.append(f"{world_size} ranks do not divide a batch of {batch_size}: `headrace train` refuses that.")
    return tuple(found)
