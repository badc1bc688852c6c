"""The columns of a batch as torch tensors, on their shortest way out of a worker.

A large column is written into shared memory from the beginning, as torch's own collation does, so that it is not copied
again. Every piece of shared memory costs a file descriptor and a round trip between the processes, though, so a small
column travels by value and becomes a tensor where it arrives.

Arrays of uint16 and uint32, such as token ids, become int64 on their way into the column: torch stores them, but does
nothing else with them.
"""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import get_worker_info

from ...format.packed import Packed

SHARED = 64 << 10
"""Bytes from which a column is shared."""

_WIDER = {np.dtype(np.uint16): np.dtype(np.int64), np.dtype(np.uint32): np.dtype(np.int64)}


def widened(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype that a column of this dtype has as a tensor."""
    return _WIDER.get(dtype, dtype)


def empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """See `packed.Empty`."""
    dtype = widened(dtype)
    size = prod(shape) * dtype.itemsize
    if get_worker_info() is None or size < SHARED:
        return np.empty(shape, dtype)
    storage: torch.UntypedStorage = torch.UntypedStorage._new_shared(size)  # type: ignore[no-untyped-call]
    kind = torch.from_numpy(np.empty(0, dtype)).dtype
    column: NDArray[Any] = torch.empty(0, dtype=kind).set_(storage).view(shape).numpy()
    return column


def delivered(column: Any) -> Any:
    """A column as it is delivered: a tensor, or what becomes one where it arrives; no array: as it is."""
    if isinstance(column, Packed):
        return Packed(delivered(column.data), delivered(column.offsets))
    if not isinstance(column, np.ndarray):
        return column
    whole: Any = column.base
    while isinstance(whole, np.ndarray):
        whole = whole.base
    if isinstance(whole, torch.Tensor):
        # Made by `empty`; of several fields that were read together each is a part of one.
        begin = (column.ctypes.data - whole.data_ptr()) // column.itemsize
        return whole.view(-1)[begin : begin + column.size].view(column.shape)
    return torch.from_numpy(column) if get_worker_info() is None else _ByValue(column)


class _ByValue:
    """An array that becomes a tensor when it is unpickled."""

    def __init__(self, array: NDArray[Any]) -> None:
        self._array = array

    def __reduce__(self) -> tuple[Callable[[NDArray[Any]], torch.Tensor], tuple[NDArray[Any]]]:
        return torch.from_numpy, (self._array,)
