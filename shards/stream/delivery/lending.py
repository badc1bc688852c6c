"""Shared memory that is lent for a batch and used again: the way of large columns out of a worker.

New shared memory costs the worker a fault for every page it writes, and the process that reads it another [for 3 MB: 6
ms on one of our machines, where memory that was used before takes 0.05 ms]. So a loader sets pieces of memory aside
before its workers start, and they inherit these by fork. A worker writes the columns of a batch into a piece that is
free and lends it; in the loader's process the batch's tensors lie in that very memory; and when the last of them, and
of their views, is gone, the piece is free again. Where there is none, because batches are kept, are larger than a
piece, or workers are not forked, columns travel as torch sends them.

A byte for each piece says whether it is lent. Only the worker that the piece belongs to sets it, and only the loader's
process clears it, so that no lock is needed.
"""

import mmap
import os
from collections.abc import Callable
from itertools import count
from math import prod
from typing import Any
from weakref import WeakValueDictionary, finalize

import numpy as np
import torch
from numpy.typing import NDArray

from ...format.packed import Packed
from . import tensors

CAPACITY = 256 << 20
"""Bytes of a piece: of address space, of which only what is written to takes memory."""
_ALIGNED = 64


class Pool:
    """The pieces of a loader; made in its process, before the workers are forked.

    Args:
        workers: How many workers there will be.
        each: Pieces of each.

    Raises:
        OSError: The system gives no address space.
    """

    def __init__(self, workers: int, each: int) -> None:
        self._each, self.token, self._process = each, next(_TOKENS), os.getpid()
        self._lent = np.frombuffer(mmap.mmap(-1, workers * each), np.uint8)
        shared = mmap.MAP_SHARED | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0)
        self._memory = [mmap.mmap(-1, CAPACITY, flags=shared) for _ in range(workers * each)]
        _POOLS[self.token] = self

    def piece(self, worker: int) -> "Piece | None":
        """A piece of a worker's that is free, now lent; None when all are."""
        for number in range(worker * self._each, (worker + 1) * self._each):
            if not self._lent[number]:
                self._lent[number] = 1
                return Piece(self, number)
        return None

    def whole(self, number: int) -> NDArray[np.uint8]:
        """All of a piece as an array of bytes."""
        return np.frombuffer(self._memory[number], np.uint8)

    def take_back(self, number: int) -> None:
        """Let a piece be free that holds nothing for anybody."""
        self._lent[number] = 0

    def received(self, number: int) -> NDArray[np.uint8]:
        """All of a piece that a worker has lent, which is taken back when the array and its views are gone."""
        whole = self.whole(number)
        finalize(whole, _release, self._lent, number, self._process).atexit = False
        return whole


_TOKENS = count()
_POOLS: WeakValueDictionary[int, Pool] = WeakValueDictionary()
"""The pools of this process, by what its workers call them."""


def _release(lent: NDArray[np.uint8], number: int, process: int) -> None:
    # What a fork inherited, and lets go of, is still in use where it came from.
    if os.getpid() == process:
        lent[number] = 0


class Piece:
    """A piece in the hands of its worker, for one batch; allocates as `packed.Empty` does.

    Args:
        pool: Where it is of.
        number: Which it is.
    """

    def __init__(self, pool: Pool, number: int) -> None:
        self._pool, self._lease, self._used = pool, _Lease(pool.token, number), 0
        self._number, self._whole = number, pool.whole(number)

    def empty(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
        """See `packed.Empty`."""
        dtype = tensors.widened(dtype)
        size = prod(shape) * dtype.itemsize
        begin = -(-self._used // _ALIGNED) * _ALIGNED
        if size < tensors.SHARED or begin + size > CAPACITY:
            return tensors.empty(shape, dtype)
        self._used = begin + size
        return self._whole[begin : self._used].view(dtype).reshape(shape)

    def delivered(self, column: Any) -> Any:
        """See `tensors.delivered`."""
        if isinstance(column, Packed):
            return Packed(self.delivered(column.data), self.delivered(column.offsets))
        if isinstance(column, np.ndarray) and np.may_share_memory(column, self._whole):
            return _Lent(self._lease, column.ctypes.data - self._whole.ctypes.data, column)
        return tensors.delivered(column)

    def close(self) -> None:
        """Take the piece back where it was not used after all, or what is in it will not be delivered."""
        self._pool.take_back(self._number)

    @property
    def used(self) -> bool:
        """Whether a column lies in it."""
        return self._used > 0


class _Lease:
    """A piece on its way to the loader's process, where it arrives as an array; one for all columns in it."""

    def __init__(self, token: int, number: int) -> None:
        self._token, self._number = token, number

    def __reduce__(self) -> tuple[Callable[..., NDArray[np.uint8]], tuple[int, int]]:
        return _received, (self._token, self._number)


def _received(token: int, number: int) -> NDArray[np.uint8]:
    return _POOLS[token].received(number)


class _Lent:
    """A column in a piece on its way to the loader's process, where it arrives as a tensor."""

    def __init__(self, lease: _Lease, begin: int, column: NDArray[Any]) -> None:
        self._lease, self._begin, self._column = lease, begin, column

    def __reduce__(self) -> tuple[Callable[..., torch.Tensor], tuple[Any, ...]]:
        return _tensor, (self._lease, self._begin, self._column.nbytes, self._column.dtype.str, self._column.shape)


def _tensor(whole: NDArray[np.uint8], begin: int, size: int, dtype: str, shape: tuple[int, ...]) -> torch.Tensor:
    return torch.from_numpy(whole[begin : begin + size].view(dtype).reshape(shape))
