"""Which shard pieces each lane holds, in each of endlessly many epochs.

A source of N samples in shards is read by L lanes at once. Lane l owns the positions g with g mod L = l. How
many positions below x belong to lanes below l is

    F(x, l) = (x div L) * l + min(x mod L, l)                            0 <= l <= L

**Sequence.** Shards are numbered as the manifest lists them, empty ones too. Once per run, those that hold samples are
sorted by (hash64(shard, sequence key), shard) and their samples are numbered through, 0..N-1, in that sequence. The
keys are those of `order`.

**Edges.** Epoch e covers the positions e*N..(e+1)*N-1. Lane l then holds the samples from edge_e(l) to
edge_e(l + 1) of the sequence, with

    edge_e(l) = F((e + 1) * N, l) - F(e * N, l)                          edge_e(0) = 0, edge_e(L) = N

which is just how many positions of the epoch belong to lanes below l. From epoch to epoch an edge moves by at most
L / 2 samples, so that a lane keeps its shards and a node's cache stays useful.

**Pieces.** The edges cut the sequence of shards into pieces, each a range of rows of one shard. Within a
lane, the pieces are sorted anew each epoch by (hash64(shard, pieces key), shard), where the pieces key
depends on the epoch.

Everything here is O(shards + lanes) in time and memory per epoch, whatever N is. All counts are samples (or
token windows).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...base.rng import hash64

_Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Sequence:
    """The shards of a source in the order of the run.

    Attributes:
        shard: int64 array of shape (S,): numbers of the shards that hold samples.
        start: int64 array of shape (S + 1,): the place of each one's first sample; the last entry is N.
    """

    shard: _Ints
    start: _Ints

    @property
    def total(self) -> int:
        """N, the number of samples."""
        return int(self.start[-1])


@dataclass(frozen=True)
class Pieces:
    """What the lanes read in one epoch: lane after lane, piece after piece, row after row.

    Attributes:
        edge: int64 array of shape (L + 1,): where each lane begins; the last entry is N.
        start: int64 array of shape (P + 1,): where each piece begins; the last entry is N.
        shard: int64 array of shape (P,): the shard of each piece.
        row: int64 array of shape (P,): the first row of each piece in its shard.
    """

    edge: _Ints
    start: _Ints
    shard: _Ints
    row: _Ints


def shard_sequence(sizes: _Ints, key: int) -> Sequence:
    """Put the shards in the order of the run.

    Args:
        sizes: int64 array of shape (shards,): the samples of each shard; shards of 0 take no part.
        key: The sequence key.
    """
    held = np.flatnonzero(sizes)
    shard = held[_by_hash(held, key)]
    return Sequence(shard=shard, start=_cumulative(sizes[shard]))


def lane_prefix(x: int, lanes: int) -> _Ints:
    """F(x, l) for all l: int64 array of shape (lanes + 1,)."""
    numbers = np.arange(lanes + 1)
    return (x // lanes) * numbers + np.minimum(x % lanes, numbers)


def lane_edges(epoch: int, total: int, lanes: int) -> _Ints:
    """edge_e(l) for all l: int64 array of shape (lanes + 1,), from 0 to `total`."""
    return lane_prefix((epoch + 1) * total, lanes) - lane_prefix(epoch * total, lanes)


def epoch_pieces(sequence: Sequence, epoch: int, lanes: int, key: int) -> Pieces:
    """Cut the sequence at the lanes' edges and sort the pieces within each lane.

    Args:
        sequence: The shards in the order of the run.
        epoch: Number of the epoch, from 0.
        lanes: L.
        key: The pieces key of this epoch.
    """
    edge = lane_edges(epoch, sequence.total, lanes)
    # Both are sorted, which a stable sort makes use of and `union1d` does not.
    cut = np.sort(np.concatenate((sequence.start, edge)), kind="stable")
    cut = cut[np.diff(cut, prepend=-1) > 0]
    first, size = cut[:-1], np.diff(cut)
    at = np.searchsorted(sequence.start, first, side="right") - 1
    lane = np.searchsorted(edge, first, side="right") - 1
    shard, row = sequence.shard[at], first - sequence.start[at]
    hashed = _by_hash(shard, key)
    # Numbers of 16 bits are sorted by counting; lanes are numbered below 2^16.
    order = hashed[np.argsort(lane[hashed].astype(np.uint16), kind="stable")]
    return Pieces(edge=edge, start=_cumulative(size[order]), shard=shard[order], row=row[order])


def _by_hash(shard: _Ints, key: int) -> NDArray[np.intp]:
    """What sorts shards by (hash64(shard, key), shard): `hash64` gives no two numbers one hash, so any sort will do."""
    return np.argsort(hash64(shard, key))


def _cumulative(sizes: _Ints) -> _Ints:
    return np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes, dtype=np.int64)))
