"""What a stage sees: a batch of records, and what has been computed of them."""

from collections.abc import Callable
from typing import Any, Protocol, Self, TypeVar, runtime_checkable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .records import PAYLOADS

T = TypeVar("T")
Key = tuple[Callable[[pa.Array], Any], str]

FEW = 4
"""Where less than one value in so many has changed, an analysis is made of these alone."""


@runtime_checkable
class Replaceable(Protocol):
    """The analysis of a column, made of those of its values: where a few have changed, the others' are still good."""

    def replaced(self, rows: NDArray[np.int64], by: Self) -> Self:
        """The analysis of the column in which these rows, ascending, hold what `by` is the analysis of."""


class Batch:
    """A record batch whose analyses are made once, by whichever filter asks first.

    A text is segmented into words and lines for the first filter that looks at them; the filters behind it find the
    result here. Nothing of it outlives the batch.

    Args:
        records: The records; never changed.
    """

    def __init__(self, records: pa.RecordBatch) -> None:
        self.records = records
        self._computed: dict[Key, Any] = {}
        self._before: dict[Key, tuple[pa.Array, Replaceable]] = {}

    @property
    def num_rows(self) -> int:
        """How many records there are."""
        return int(self.records.num_rows)

    @property
    def schema(self) -> pa.Schema:
        """The columns; see `records.py`."""
        return self.records.schema

    @property
    def payload(self) -> str:
        """The name of the payload column."""
        return next(name for name in PAYLOADS if name in self.schema.names)

    def column(self, name: str) -> pa.Array:
        """A column by its name."""
        return self.records.column(name)

    def computed(self, analysis: Callable[[pa.Array], T], column: str = "text") -> T:
        """What `analysis` makes of a column: `batch.computed(segment)`; it must be a pure function of the column."""
        key = (analysis, column)
        if key not in self._computed:
            self._computed[key] = self._compute(key)
        found: T = self._computed[key]
        return found

    def _compute(self, key: Key) -> Any:
        analysis, column = key
        values = self.records.column(column)
        if key in self._before:
            earlier, known = self._before[key]
            rows = np.flatnonzero(pc.not_equal(values, earlier))
            if FEW * len(rows) < len(values):
                return known.replaced(rows, analysis(values.take(pa.array(rows))))
        return analysis(values)

    def slice(self, start: int, count: int | None = None) -> "Batch":
        """The records `start : start + count`, with nothing computed."""
        return Batch(self.records.slice(start, count))

    def take(self, rows: pa.Array) -> "Batch":
        """Some of the records, with nothing computed."""
        return Batch(self.records.take(rows))

    def filter(self, mask: pa.Array) -> "Batch":
        """The records for which `mask` is true, with nothing computed."""
        return Batch(self.records.filter(mask))

    def with_column(self, name: str, values: pa.Array) -> "Batch":
        """The batch with a column replaced or appended; what was computed of the other columns stays known."""
        index = self.schema.get_field_index(name)
        changed = (
            self.records.append_column(name, values) if index < 0 else self.records.set_column(index, name, values)
        )
        batch = Batch(changed)
        batch._computed = {key: value for key, value in self._computed.items() if key[1] != name}
        outdated = {key: value for key, value in self._computed.items() if key[1] == name}
        known = {key: (self.column(name), each) for key, each in outdated.items() if isinstance(each, Replaceable)}
        batch._before = self._before | known
        return batch

    def without(self, name: str) -> "Batch":
        """The batch without a column."""
        batch = Batch(self.records.drop_columns([name]))
        batch._computed = {key: value for key, value in self._computed.items() if key[1] != name}
        return batch
