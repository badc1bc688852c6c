"""What each node of a training will read, and how much of it at once, before anything is started.

Rows of a batch are sorted by lane, so a node reads a few neighbouring lanes. Over L / gcd(G, L) steps the pattern
repeats; which nodes read which lanes is taken from that period. A node is charged with every shard of which it reads
a lane's piece, whole and once, however many of its lanes have a piece of it, as a shard cache that keeps them would.
Its working set at a moment is what it must hold to shuffle: the shards that the current blocks of its lanes touch, each
once again. Both are those of epoch 0; other epochs differ by the order of pieces within a lane.
"""

from dataclasses import dataclass
from math import gcd

import numpy as np
from numpy.typing import NDArray

from ..base.errors import UsageError
from .batch import Rank, check_batch_size
from .stream import Stream

_Ints = NDArray[np.int64]


@dataclass(frozen=True)
class NodeLoad:
    """What one node reads.

    Attributes:
        node: Number of the node.
        lanes: Lanes of which it reads rows.
        shards: Different shards that it reads in an epoch.
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
    size = np.array([shard.bytes for shard in stream.manifest.shards], dtype=np.int64)
    pieces = stream.order.pieces(0)
    held = np.searchsorted(pieces.edge, pieces.start[:-1], side="right") - 1
    needs = _needs(stream)
    loads = []
    for node, mine in enumerate(readers):
        shards = np.unique(pieces.shard[mine[held]])
        peak = _peak(needs.of_lanes(mine), size)
        loads.append(NodeLoad(node, int(mine.sum()), shards.size, int(size[shards].sum()), peak))
    return PlanAnswer(
        samples=stream.samples,
        steps_per_epoch=stream.steps_per_epoch(batch_size),
        reads_per_shard=sum(load.shards for load in loads) / int(np.count_nonzero(stream.order.sizes)),
        nodes=tuple(loads),
        warnings=_warnings(stream, world_size, batch_size, readers),
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


@dataclass(frozen=True)
class _Needs:
    """Which lane needs which shard, from one offset of the lane to another (exclusive): int64 arrays of one shape."""

    lane: _Ints
    shard: _Ints
    begin: _Ints
    end: _Ints

    def of_lanes(self, chosen: NDArray[np.bool_]) -> "_Needs":
        """Those of some lanes."""
        mine = chosen[self.lane]
        return _Needs(self.lane[mine], self.shard[mine], self.begin[mine], self.end[mine])


def _needs(stream: Stream) -> _Needs:
    """Each block with each piece that it touches: a lane needs the piece's shard for as long as the block lasts."""
    pieces = stream.order.pieces(0)
    lane, base, end = stream.order.blocks(0)
    start = pieces.edge[lane]
    first = np.searchsorted(pieces.start, start + base, side="right") - 1
    count = np.searchsorted(pieces.start, start + end, side="left") - first
    block = np.repeat(np.arange(lane.size), count)
    piece = np.arange(block.size) - np.repeat(np.cumsum(count) - count - first, count)
    return _Needs(lane[block], pieces.shard[piece], base[block], end[block])


def _peak(needs: _Needs, size: _Ints) -> int:
    """The largest size of the different shards that are needed at one offset."""
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


def _warnings(stream: Stream, world_size: int, batch_size: int, readers: NDArray[np.bool_]) -> tuple[str, ...]:
    lanes, samples = stream.order.lanes, stream.samples
    reads = readers.sum() / lanes
    found = []
    if samples < lanes:
        found.append(
            f"{lanes} lanes share {samples} samples, at most one to each, and samples are shuffled within a lane: "
            "take fewer lanes."
        )
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
