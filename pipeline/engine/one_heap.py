"""One heap for all that a task holds."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
"""The GNU C library's; others have none."""


@contextmanager
def one_heap() -> Iterator[None]:
    """Within the block Arrow takes memory where numpy and Python do: from the C library's heap.

    Arrow's own allocator keeps what is freed apart from that heap and, in the small pieces in which records are
    gathered, three times what it was asked for. Of many tasks in one process the peaks of both would add up.
    """
    before = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(before)


def give_back() -> None:
    """Give what was freed back to the system, which takes a fraction of a millisecond, and as much again later."""
    pa.default_memory_pool().release_unused()
    if _trim is not None:
        _trim(0)
