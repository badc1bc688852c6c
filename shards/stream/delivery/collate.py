"""From samples to a batch: one column per field (see `columns`), each written once into one array of its final shape.

    arrays of numbers, one shape and dtype    array of shape (n, ...)
    numbers and truth values                  array of shape (n,)
    bytes                                     Packed: data of uint8, and offsets
    arrays of a field that is ragged          Packed: data of their dtype, and offsets
    anything else                             list of n values as they are: str, JSON, arrays of several shapes

A field that a source calls ragged is never stacked, also where the lengths happen to agree. What a source read as
columns stays as it is.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...base.errors import UsageError
from ...format.packed import Empty, Packed, offsets_of
from ..sources.columns import Columns, Found

Collate = Callable[[list[Any]], Any]
"""Makes a batch of a list of transformed samples."""

Batcher = Callable[[Found], Any]
"""Makes a batch of samples however they came."""

_NUMBERS = "biufc"
"""The kinds of numpy's dtypes that are numbers or truth values."""


def collate(found: Found, ragged: Collection[str] = (), empty: Empty = np.empty) -> dict[str, Any]:
    """Put samples together, column by column.

    Args:
        found: At least one; all with the same fields.
        ragged: Fields that are never stacked.
        empty: What allocates the columns; a loader's worker gives one that allocates shared memory.

    Raises:
        UsageError: The samples have different fields, or are no dictionaries.
    """
    if isinstance(found, Columns):
        columns = found.fields
        if found.absent:
            # A field that all samples lack is none, whatever was read together with them.
            columns = {field: columns[field] for field in _fields(found.rows())}
    else:
        columns = {field: [sample[field] for sample in found] for field in _fields(found)}
    return {field: _column(values, field in ragged, empty) for field, values in columns.items()}


def _fields(samples: Sequence[dict[str, Any]]) -> list[str]:
    first = samples[0]
    if not isinstance(first, dict):
        raise UsageError(
            "samples can only be put together when they are dictionaries",
            found=type(first).__name__,
            remedy="Let the transform return a dictionary, or put them together yourself with `collate=`",
        )
    for sample in samples:
        if sample.keys() != first.keys():
            raise UsageError(
                f"two samples of a batch have different fields: {first.get('__key__')} and {sample.get('__key__')}",
                found=f"{sorted(first)} and {sorted(sample)}",
                expected="the same fields in every sample",
                remedy="Choose fields that all samples have with `fields=`, or put them together with `collate=`",
            )
    return list(first)


def _column(values: Any, ragged: bool, empty: Empty) -> Any:
    if not isinstance(values, list):
        return values
    first = values[0]
    if isinstance(first, bytes):
        return _packed_bytes(values, empty) if all(type(value) is bytes for value in values) else values
    if isinstance(first, np.ndarray):
        return (_packed_arrays if ragged else _stacked)(values, empty)
    if all(issubclass(kind, (bool, int, float, np.number, np.bool_)) for kind in set(map(type, values))):
        numbers = np.array(values)
        # Integers of which some are beyond int64 would be rounded to floating point.
        rounded = numbers.dtype.kind == "f" and all(isinstance(value, (int, np.integer)) for value in values)
        return values if rounded else _written(numbers, (), numbers.dtype, empty)
    return values


def _stacked(values: list[NDArray[Any]], empty: Empty) -> Any:
    first = values[0]
    alike = all(value.shape == first.shape and value.dtype == first.dtype for value in values)
    return _written(values, first.shape, first.dtype, empty) if alike else values


def _written(values: Any, shape: tuple[int, ...], dtype: np.dtype[Any], empty: Empty) -> Any:
    if dtype.kind not in _NUMBERS:
        return list(values)
    column = empty((len(values), *shape), dtype.newbyteorder("="))
    for row, value in enumerate(values):
        column[row] = value
    return column


def _packed_bytes(values: list[bytes], empty: Empty) -> Packed:
    offsets = offsets_of(np.array(list(map(len, values)), np.int64), empty)
    data = empty((int(offsets[-1]),), np.dtype(np.uint8))
    data[...] = np.frombuffer(b"".join(values), np.uint8)
    return Packed(data, offsets)


def _packed_arrays(values: list[NDArray[Any]], empty: Empty) -> Any:
    dtype = values[0].dtype
    if dtype.kind not in _NUMBERS or any(value.ndim != 1 or value.dtype != dtype for value in values):
        return values
    offsets = offsets_of(np.array(list(map(len, values)), np.int64), empty)
    data = empty((int(offsets[-1]),), dtype.newbyteorder("="))
    np.concatenate(values, out=data)
    return Packed(data, offsets)


@dataclass(frozen=True)
class Collator:
    """`collate` with what a stream knows of its fields; a value, so that it can be sent to workers."""

    ragged: frozenset[str]

    def __call__(self, found: Found) -> dict[str, Any]:
        """Put samples together, column by column."""
        return collate(found, self.ragged)


@dataclass(frozen=True)
class OneByOne:
    """A collation of a user's own, which takes samples one by one."""

    collate: Collate

    def __call__(self, found: Found) -> Any:
        """Put samples together as the user does."""
        return self.collate(found.rows() if isinstance(found, Columns) else found)
