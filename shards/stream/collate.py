"""From samples to a batch: one column per field, each written once into one array of its final shape.

    arrays of numbers, one shape and dtype    array of shape (n, ...)
    numbers and truth values                  array of shape (n,)
    anything else                             list of n values as they are: str, bytes, JSON, arrays of several shapes

A field that a source calls ragged is always a list, also where the lengths happen to agree.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.errors import UsageError

Collate = Callable[[list[Any]], Any]
"""Makes a batch of a list of transformed samples."""

Empty = Callable[[tuple[int, ...], np.dtype[Any]], NDArray[Any]]
"""Allocates an array of a shape and a dtype of this machine's byte order, as `numpy.empty` does, or of a wider one."""


_NUMBERS = "biufc"
"""The kinds of numpy's dtypes that are numbers or truth values."""


def collate(samples: Sequence[dict[str, Any]], ragged: Collection[str] = (), empty: Empty = np.empty) -> dict[str, Any]:
    """Put samples together, column by column.

    Args:
        samples: At least one; all with the same fields.
        ragged: Fields that are never stacked.
        empty: What allocates the columns; a loader's worker gives one that allocates shared memory.

    Raises:
        UsageError: The samples have different fields, or are no dictionaries.
    """
    columns = {field: [sample[field] for sample in samples] for field in _fields(samples)}
    return {field: values if field in ragged else _column(values, empty) for field, values in columns.items()}


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


def _column(values: list[Any], empty: Empty) -> Any:
    first = values[0]
    if isinstance(first, np.ndarray):
        alike = all(value.shape == first.shape and value.dtype == first.dtype for value in values)
        return _written(values, first.shape, first.dtype, empty) if alike else values
    if all(issubclass(kind, (bool, int, float, np.number, np.bool_)) for kind in set(map(type, values))):
        numbers = np.array(values)
        # Integers of which some are beyond int64 would be rounded to floating point.
        rounded = numbers.dtype.kind == "f" and all(isinstance(value, (int, np.integer)) for value in values)
        return values if rounded else _written(numbers, (), numbers.dtype, empty)
    return values


def _written(values: Any, shape: tuple[int, ...], dtype: np.dtype[Any], empty: Empty) -> Any:
    if dtype.kind not in _NUMBERS:
        return list(values)
    column = empty((len(values), *shape), dtype.newbyteorder("="))
    for row, value in enumerate(values):
        column[row] = value
    return column


@dataclass(frozen=True)
class Collator:
    """`collate` with what a stream knows of its fields; a value, so that it can be sent to workers."""

    ragged: frozenset[str]

    def __call__(self, samples: Sequence[Any]) -> dict[str, Any]:
        """Put samples together, column by column."""
        return collate(samples, self.ragged)
