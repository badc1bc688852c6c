"""Which positions make up a batch, and which of its rows a rank takes.

**Global batch.** From position s, a batch of G takes the positions s..s + G - 1, sorted by (g mod L, g), L being the
number of lanes: rows of one lane stand together. The next batch starts at s + G.

**Ranks.** Rank r of R takes the rows floor(r * G / R) to floor((r + 1) * G / R) - 1 of the global batch. With
`local_world` ranks on each node (it divides R), node k of K = R / local_world takes the rows floor(k * G / K) to
floor((k + 1) * G / K) - 1, and its j-th rank every local_world-th of them from the j-th on: the node reads the same
samples, and each of its ranks sees all of the node's lanes. Whatever R is, the ranks' rows together are the batch.

**One finite pass.** For evaluation, the samples 0..N - 1 are taken as they lie in the manifest. Batch b holds the
samples b * G to min((b + 1) * G, N) - 1, dealt to the ranks as above; for the last one, of T samples, by floor(r * T
/ R). Every rank fills up to ceil(G / R) rows by repeating the batch's first sample, so that all batches of all ranks
have one shape; such rows are masked.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...base.errors import UsageError

_Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Rank:
    """One of the processes that share every batch.

    Args:
        rank: r, from 0.
        world_size: R.
        local_world: Ranks on each node among which the node's rows are dealt in turn; 1 gives each a contiguous share.

    Raises:
        UsageError: The numbers contradict each other.
    """

    rank: int = 0
    world_size: int = 1
    local_world: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.rank < self.world_size:
            raise UsageError("there is no such rank", found=f"rank {self.rank}", expected=f"0 to {self.world_size - 1}")
        if self.local_world < 1 or self.world_size % self.local_world:
            raise UsageError(
                "`local_world` does not divide the number of ranks",
                found=f"{self.local_world} ranks on a node, {self.world_size} in all",
            )

    def rows(self, batch_size: int) -> slice:
        """The rows of a batch of `batch_size` that this rank takes, as a slice into it."""
        node, inner = divmod(self.rank, self.local_world)
        nodes = self.world_size // self.local_world
        first = node * batch_size // nodes + inner
        return slice(first, (node + 1) * batch_size // nodes, self.local_world)


def check_batch_size(batch_size: int, rank: Rank) -> None:
    """Refuse a batch in which some rank would have no row.

    Raises:
        UsageError: `batch_size` is smaller than the number of ranks.
    """
    if batch_size < rank.world_size:
        raise UsageError(
            "the batch is too small",
            found=f"a global batch of {batch_size} for {rank.world_size} ranks",
            expected="at least one row for each rank",
            remedy="`batch_size` is that of all ranks together",
        )


def batch_positions(start: int, batch_size: int, lanes: int) -> _Ints:
    """The positions of a global batch, in the order of its rows.

    Args:
        start: s, the position of the stream before the batch.
        batch_size: G.
        lanes: L, at most 2^16.

    Returns:
        int64 array of shape (G,).
    """
    positions: _Ints = batches_positions(start, batch_size, lanes, 1)[0]
    return positions


def batches_positions(start: int, batch_size: int, lanes: int, count: int) -> _Ints:
    """The positions of successive global batches, see `batch_positions`: int64 array of shape (count, G)."""
    positions = np.arange(start, start + count * batch_size).reshape(count, batch_size)
    # numpy sorts 16-bit integers by radix, in linear time.
    order = np.argsort((positions % lanes).astype(np.uint16), axis=1, kind="stable")
    by_lane: _Ints = np.take_along_axis(positions, order, axis=1)
    return by_lane


def pass_batches(total: int, batch_size: int) -> int:
    """How many batches one finite pass has."""
    return -(-total // batch_size)


def pass_rows(total: int, batch_size: int, number: int, rank: Rank) -> tuple[_Ints, NDArray[np.bool_]]:
    """The samples of one batch of a finite pass that a rank takes.

    Args:
        total: N.
        batch_size: G.
        number: b, the number of the batch.
        rank: Who asks.

    Returns:
        The samples, int64 array of shape (ceil(G / R),); and which of them are real, bool array of the same shape.
        Padding stands at the end.
    """
    start = number * batch_size
    held = np.arange(start, min(start + batch_size, total))
    real = held[rank.rows(held.size)]
    rows = -(-batch_size // rank.world_size)
    samples = np.full(rows, start)
    samples[: real.size] = real
    return samples, np.arange(rows) < real.size
