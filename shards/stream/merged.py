"""Several sources as one: their shards are numbered source after source, and each sample says where it is from."""

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .fetch import Sample, Source

SOURCE = "__source__"
"""The name under which a sample of a mixture carries its source's name."""


class MergedSource:
    """The sources of a mixture; see `fetch.Source`.

    Args:
        names: What each is called.
        sources: The sources.
    """

    def __init__(self, names: Sequence[str], sources: Sequence[Source]) -> None:
        self.sizes = np.concatenate([source.sizes for source in sources])
        self.ragged = frozenset[str]().union(*(source.ragged for source in sources))
        self._names, self._sources = tuple(names), tuple(sources)
        self._first = np.cumsum([0, *(source.sizes.size for source in sources[:-1])]).tolist()

    def read(self, shard: int, rows: NDArray[np.int64]) -> list[Sample]:
        """See `fetch.Source.read`."""
        number = self._number(shard)
        samples = self._sources[number].read(shard - self._first[number], rows)
        for sample in samples:
            sample[SOURCE] = self._names[number]
        return samples

    def key(self, shard: int, row: int) -> str:
        """See `fetch.Source.key`."""
        number = self._number(shard)
        return self._sources[number].key(shard - self._first[number], row)

    def _number(self, shard: int) -> int:
        return bisect_right(self._first, shard) - 1
