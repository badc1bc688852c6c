"""Samples side by side: one column for each field, as they are read and as they are batched.

A column of n samples is one of

    array of shape (n, ...)    numbers, or arrays of one shape
    Packed                     bytes, or arrays of one dimension, of different lengths
    list of n values           anything else

A source reads columns, and a batch without a transform is made of them as they are; only a transform needs samples one
by one, as dictionaries.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...format.packed import Empty, Packed, offsets_of

Sample = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Columns:
    """Samples, column by column.

    Attributes:
        size: How many samples.
        fields: The columns by field.
        absent: For the fields that some samples lack: bool (n,), True where a sample does; what the column holds there
            means nothing.
    """

    size: int
    fields: dict[str, Any]
    absent: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.size

    @property
    def nbytes(self) -> int:
        """Bytes of all that is in arrays."""
        arrays = (column.data if isinstance(column, Packed) else column for column in self.fields.values())
        return sum(array.nbytes for array in arrays if isinstance(array, np.ndarray))

    def part(self, rows: slice) -> "Columns":
        """Some of the samples, as views, but for offsets."""
        fields = {
            name: column.part(rows.start, rows.stop) if isinstance(column, Packed) else column[rows]
            for name, column in self.fields.items()
        }
        return Columns(rows.stop - rows.start, fields, {name: each[rows] for name, each in self.absent.items()})

    def lacking(self, name: str) -> NDArray[np.bool_]:
        """Which samples lack a field: bool (n,), new."""
        return np.array(self.absent.get(name, np.full(self.size, name not in self.fields)))

    def rows(self) -> list[Sample]:
        """The samples one by one: numbers as Python's, packed bytes as `bytes`, arrays as views of the columns."""
        names, values = tuple(self.fields), map(_values, self.fields.values())
        samples = [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]
        for name, lacking in self.absent.items():
            for row in lacking.nonzero()[0].tolist():
                del samples[row][name]
        return samples


Found = Columns | list[Any]
"""Samples as they were read, or as a transform returned them, one by one."""


def _values(column: Any) -> Sequence[Any]:
    if isinstance(column, Packed):
        return column.values()
    if isinstance(column, np.ndarray) and column.ndim == 1:
        return list(column.tolist())
    return list(column)


def exchanged(samples: Found, others: Mapping[int, Found]) -> Found:
    """Samples of which some are exchanged.

    Args:
        samples: The samples; arrays of more than one dimension are changed in place.
        others: By row one sample, that stands there afterwards; of the same kind as `samples`.
    """
    if isinstance(samples, list):
        single = {row: other[0] for row, other in others.items() if isinstance(other, list)}
        return [single.get(row, sample) for row, sample in enumerate(samples)]
    columns = {row: other for row, other in others.items() if isinstance(other, Columns)}
    names = dict.fromkeys(name for each in (samples, *columns.values()) for name in each.fields)
    absent = {name: samples.lacking(name) for name in names}
    for row, other in columns.items():
        for name in names:
            absent[name][row] = other.lacking(name)[0]
    fields = {name: _exchanged_column(name, samples, columns) for name in names}
    return Columns(samples.size, fields, {name: lacking for name, lacking in absent.items() if lacking.any()})


def _exchanged_column(name: str, samples: Columns, others: Mapping[int, Columns]) -> Any:
    new = {row: other.fields[name] for row, other in others.items() if name in other.fields}
    column = samples.fields.get(name)
    if isinstance(column, np.ndarray) and all(
        isinstance(each, np.ndarray) and _kind(each) == _kind(column) for each in new.values()
    ):
        # Numbers may be those of the very places where samples lie.
        column = column.copy() if column.ndim == 1 else column
        for row, other in new.items():
            column[row] = other[0]
        return column
    values = [None] * samples.size if column is None else list(_values(column))
    for row, other in new.items():
        values[row] = _values(other)[0]
    return values


def merged(size: int, parts: Sequence[tuple[NDArray[np.intp], Columns]], empty: Empty = np.empty) -> Columns:
    """Put together samples that were read apart.

    Args:
        size: How many there are in all.
        parts: Which of them, int64 (n,), and the columns of those; together all of them.
        empty: What allocates the columns.
    """
    if len(parts) == 1:
        return parts[0][1]
    names = list(dict.fromkeys(name for _, columns in parts for name in columns.fields))
    absent = {}
    for name in names:
        lacking = np.zeros(size, np.bool_)
        for chosen, columns in parts:
            lacking[chosen] = columns.lacking(name)
        if lacking.any():
            absent[name] = lacking
    having = {name: [(chosen, part.fields[name]) for chosen, part in parts if name in part.fields] for name in names}
    return Columns(size, {name: _merged_column(size, having[name], empty) for name in names}, absent)


def _merged_column(size: int, parts: Sequence[tuple[NDArray[np.intp], Any]], empty: Empty) -> Any:
    first = parts[0][1]
    if all(isinstance(column, Packed) and column.data.dtype == first.data.dtype for _, column in parts):
        return _merged_packed(size, parts, empty)
    if all(isinstance(column, np.ndarray) and _kind(column) == _kind(first) for _, column in parts):
        array = empty((size, *first.shape[1:]), first.dtype)
        for chosen, column in parts:
            array[chosen] = column
        return array
    values: list[Any] = [None] * size
    for chosen, column in parts:
        for row, value in zip(chosen.tolist(), _values(column), strict=True):
            values[row] = value
    return values


def _merged_packed(size: int, parts: Sequence[tuple[NDArray[np.intp], Packed]], empty: Empty) -> Packed:
    sizes = np.zeros(size, np.int64)
    for chosen, column in parts:
        sizes[chosen] = np.diff(column.offsets)
    offsets = offsets_of(sizes, empty)
    data = empty((int(offsets[-1]),), parts[0][1].data.dtype)
    for chosen, column in parts:
        bounds = column.offsets.tolist()
        for (begin, end), place in zip(pairwise(bounds), offsets[chosen].tolist(), strict=True):
            data[place : place + end - begin] = column.data[begin:end]
    return Packed(data, offsets)


def _kind(array: NDArray[Any]) -> tuple[Any, ...]:
    return array.shape[1:], array.dtype
