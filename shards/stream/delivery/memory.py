"""Memory of large columns, used again once nobody holds them: new memory costs a fault for every page first written.

[For 3 MB on one of our machines 1.4 ms, three times as long as filling memory that was used before with bytes out of
the page cache.]
"""

from collections.abc import MutableSequence
from math import prod
from typing import Any
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

LARGE = 64 << 10
"""Bytes from which a column's memory is kept for the next one."""
_KEPT = 8
"""Blocks of a size that wait for another column, at most: what was read ahead, and the batches that are worked on."""
_STEPS = 8
"""Sizes of blocks from one power of two to the next."""


class Memory:
    """Allocates as `packed.Empty` does; threads may share it.

    An array's memory is used again when the array and all views of it are gone, those of other libraries too.
    """

    def __init__(self) -> None:
        self._free: dict[int, list[NDArray[np.uint8]]] = {}

    def empty(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """See `packed.Empty`."""
        size = prod(shape) * dtype.itemsize
        if size < LARGE:
            return np.empty(shape, dtype)
        step = (1 << size.bit_length()) // (2 * _STEPS)
        free = self._free.setdefault(-(-size // step) * step, [])
        try:
            block = free.pop()
        except IndexError:
            block = np.empty(-(-size // step) * step, np.uint8)
        # Views have this very array as their base, since what it lies in is a buffer to it and no array.
        whole = np.frombuffer(block.data, np.uint8)
        finalize(whole, _keep, free, block).atexit = False
        return whole[:size].view(dtype).reshape(shape)


def _keep(free: MutableSequence[NDArray[np.uint8]], block: NDArray[np.uint8]) -> None:
    if len(free) < _KEPT:
        free.append(block)
