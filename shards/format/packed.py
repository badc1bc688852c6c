"""Values of different lengths in one array, one behind the other."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Empty = Callable[[tuple[int, ...], np.dtype[Any]], NDArray[Any]]
"""Allocates an array of a shape and a dtype of this machine's byte order, as `numpy.empty` does, or of a wider one."""


class Packed(NamedTuple):
    """Values of different lengths; a tuple, which frameworks move field by field.

    Attributes:
        data: uint8 (m,) where the values are bytes, else an array (m,) of their dtype; in a loader's batch a tensor.
        offsets: int64 (n + 1,): value i is `data[offsets[i] : offsets[i + 1]]`.
    """

    data: Any
    offsets: Any

    def value(self, number: int) -> Any:
        """One value as a view of `data`; `bytes()` makes bytes of it where it is an array of uint8."""
        return self.data[int(self.offsets[number]) : int(self.offsets[number + 1])]

    def part(self, begin: int, end: int) -> "Packed":
        """The values from `begin` to `end` (exclusive); their data as a view."""
        first, last = int(self.offsets[begin]), int(self.offsets[end])
        return Packed(self.data[first:last], self.offsets[begin : end + 1] - first)

    def values(self) -> list[Any]:
        """All values one by one: `bytes` where `data` is uint8, else views of it."""
        data = np.asarray(self.data)
        spans = pairwise(self.offsets.tolist())
        if data.dtype == np.uint8:
            whole = data.data
            return [bytes(whole[begin:end]) for begin, end in spans]
        return [self.data[begin:end] for begin, end in spans]


def offsets_of(sizes: NDArray[np.int64], empty: Empty = np.empty) -> NDArray[np.int64]:
    """Where values of these sizes begin, packed, and at last where the last one ends: int64 (n + 1,)."""
    offsets: NDArray[np.int64] = empty((sizes.size + 1,), np.dtype(np.int64))
    offsets[0] = 0
    np.cumsum(sizes, out=offsets[1:])
    return offsets
