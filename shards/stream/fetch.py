"""From places to samples: rows are read shard by shard and put back into the order asked for.

A sample is a dictionary of its fields, and of what identifies it:

    __key__       str   its key in the shard
    __id__        int   its number among all samples of the source, shard after shard as the manifest lists them, from 0
    __epoch__     int   the epoch in which it is read
    __position__  int   the position at which it is read
"""

from collections.abc import Callable, Iterable
from itertools import chain, pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .at_once import read_at_once
from .places import Places

Sample = dict[str, Any]


class Source(Protocol):
    """Rows of shards, whatever lies in them; may be used after a fork, and sent to other processes."""

    sizes: NDArray[np.int64]
    """int64 array of shape (shards,): the rows of each shard."""

    ragged: frozenset[str]
    """Fields whose arrays differ in length from sample to sample, so that they are never stacked."""

    def key(self, shard: int, row: int) -> str:
        """The `__key__` of one sample, without reading it.

        Raises:
            ShardError: The shard's index is missing, or not that of the manifest.
        """

    def read(self, shard: int, rows: NDArray[np.int64]) -> list[Sample]:
        """Read samples, each with its fields and `__key__`, in the order of `rows`.

        Raises:
            CorruptSampleError: A sample is damaged or cannot be decoded.
            ShardError: The shard is missing, or not that of the manifest.
        """


def fetch(source: Source, places: Places, at_hand: Callable[[int], bool] | None = None) -> list[Sample]:
    """Read the samples at some places, in their order.

    Args:
        source: What is read.
        places: Where the samples lie.
        at_hand: Whether a shard can be read without waiting for a network, by its number; None where all can. The
            others are read at once.

    Raises:
        CorruptSampleError: A sample is damaged or cannot be decoded.
        ShardError: A shard is missing, or not that of the manifest.
    """
    samples: list[Sample] = [{}] * len(places)
    by_shard = np.lexsort((places.row, places.shard))
    shard, row = places.shard[by_shard], places.row[by_shard]
    edges = np.flatnonzero(np.diff(shard, prepend=-1, append=-1)).tolist()
    asked = [(int(shard[first]), row[first:last]) for first, last in pairwise(edges)]
    for target, sample in zip(by_shard.tolist(), chain.from_iterable(_read(source, asked, at_hand)), strict=True):
        samples[target] = sample
    known = zip(samples, places.id.tolist(), places.epoch.tolist(), places.position.tolist(), strict=True)
    for sample, number, epoch, position in known:
        sample["__id__"] = number
        sample["__epoch__"] = epoch
        sample["__position__"] = position
    return samples


def _read(
    source: Source, asked: list[tuple[int, NDArray[np.int64]]], at_hand: Callable[[int], bool] | None
) -> Iterable[list[Sample]]:
    """The samples of each shard asked for, those that have to be waited for at once."""
    far = [] if at_hand is None else [number for number, (shard, _) in enumerate(asked) if not at_hand(shard)]
    if not far:
        return (source.read(*each) for each in asked)
    fetched = dict(zip(far, read_at_once(lambda number: source.read(*asked[number]), far), strict=True))
    return (fetched[number] if number in fetched else source.read(*each) for number, each in enumerate(asked))
