"""Several sources as one: their shards are numbered source after source, and each sample says where it is from."""

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...format.packed import Empty
from .columns import Columns, merged
from .fetch import Source
from .replacement import DamagedRowsError

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
        self.plain = all(source.plain for source in sources)
        self._names, self._sources = tuple(names), tuple(sources)
        self._first = np.cumsum([0, *(source.sizes.size for source in sources[:-1])]).tolist()

    def ready(self, shard: int) -> None:
        """See `fetch.Source.ready`."""
        number = self._number(shard)
        self._sources[number].ready(shard - self._first[number])

    def read(self, shard: NDArray[np.int64], row: NDArray[np.int64], empty: Empty = np.empty) -> Columns:
        """See `fetch.Source.read`."""
        number = np.searchsorted(self._first, shard, side="right") - 1
        parts = []
        for each in np.unique(number).tolist():
            chosen = np.flatnonzero(number == each)
            try:
                columns = self._sources[each].read(shard[chosen] - self._first[each], row[chosen], empty)
            except DamagedRowsError as error:
                raise DamagedRowsError({int(chosen[row]): damage for row, damage in error.rows.items()}) from error
            parts.append((chosen, columns))
        both = merged(row.size, parts, empty)
        names = [self._names[each] for each in number.tolist()]
        return Columns(row.size, {**both.fields, SOURCE: names}, both.absent)

    def key(self, shard: int, row: int) -> str:
        """See `fetch.Source.key`."""
        number = self._number(shard)
        return self._sources[number].key(shard - self._first[number], row)

    def _number(self, shard: int) -> int:
        return bisect_right(self._first, shard) - 1
