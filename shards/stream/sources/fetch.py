"""From places to samples: a batch is read at once, from all its shards together.

A sample has its fields, and what identifies it:

    __key__       str   its key in the shard
    __id__        int   its number among all samples of the source, shard after shard as the manifest lists them, from 0
    __epoch__     int   the epoch in which it is read
    __position__  int   the position at which it is read
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ...format.at_once import read_at_once
from ...format.packed import Empty
from ..order.places import Places
from .columns import Columns, Sample

__all__ = ["Sample", "Source", "by_shard", "fetch"]


class Source(Protocol):
    """Rows of shards, whatever lies in them; may be used after a fork, and sent to other processes."""

    sizes: NDArray[np.int64]
    """int64 array of shape (shards,): the rows of each shard."""

    ragged: frozenset[str]
    """Fields whose arrays differ in length from sample to sample, so that they are packed and never stacked."""

    plain: bool
    """Whether samples are delivered as they lie in the files: nothing is parsed, and no codec called, which might be a
    user's."""

    def key(self, shard: int, row: int) -> str:
        """The `__key__` of one sample, without reading it.

        Raises:
            ShardError: The shard's index is missing, or not that of the manifest.
        """

    def ready(self, shard: int) -> None:
        """Fetch what must be known of a shard before its samples can be read; threads may ask for several.

        Raises:
            ShardError: The shard's index is missing, or not that of the manifest.
            UsageError: It has nothing of what is wanted.
        """

    def read(self, shard: NDArray[np.int64], row: NDArray[np.int64], empty: Empty = np.empty) -> Columns:
        """Read samples, each with its fields and `__key__`.

        Args:
            shard: int64 (n,): the shard of each, n at least 1.
            row: int64 (n,): its row there.
            empty: What allocates columns that are read as they are.

        Raises:
            CorruptSampleError: A sample is damaged or cannot be decoded.
            ShardError: A shard is missing, or not that of the manifest.
        """


def fetch(
    source: Source, places: Places, at_hand: Callable[[int], bool] | None = None, empty: Empty = np.empty
) -> Columns:
    """Read the samples at some places, in their order.

    Args:
        source: Where they lie.
        places: Where the samples lie; at least one.
        at_hand: Whether a shard can be read without waiting for a network, by its number; None where all can. The
            others are made ready at once.
        empty: What allocates columns that are read as they are.

    Raises:
        CorruptSampleError: A sample is damaged or cannot be decoded.
        ShardError: A shard is missing, or not that of the manifest.
    """
    if at_hand is not None and (far := [each for each in np.unique(places.shard).tolist() if not at_hand(each)]):
        read_at_once(source.ready, far)
    columns = source.read(places.shard, places.row, empty)
    known = {"__id__": places.id, "__epoch__": places.epoch, "__position__": places.position}
    for name, numbers in known.items():
        columns.fields[name] = empty(numbers.shape, numbers.dtype)
        columns.fields[name][...] = numbers
    return columns


def by_shard(shard: NDArray[np.int64], row: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Each shard once, with the places of its samples among all, in the order in which they lie in it."""
    order = np.argsort(shard * (int(row.max()) + 1) + row)
    found = shard[order]
    edges = [0, *(np.flatnonzero(found[1:] != found[:-1]) + 1).tolist(), found.size]
    numbers = found[edges[:-1]].tolist()
    for number, (first, last) in zip(numbers, pairwise(edges), strict=True):
        yield number, order[first:last]
