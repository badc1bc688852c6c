"""The readers of the shards that a process used last."""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

CAPACITY = 512
"""Shards a process keeps open: above what 64 lanes in blocks of 4 shards need, below the usual limit of 1024 files."""


class Closable(Protocol):
    """What holds a file open."""

    def close(self) -> None:
        """Let go of the file."""


Reader = TypeVar("Reader", bound=Closable)


class OpenShards(Generic[Reader]):
    """Opens the reader of a shard when it is needed, and lets go of the one that was used longest ago.

    Nothing that is open travels to another process: neither by pickling nor by a fork. Threads may share it.

    Args:
        open_reader: Makes the reader of a shard from the shard's number.
        capacity: How many stay open.
    """

    def __init__(self, open_reader: Callable[[int], Reader], capacity: int = CAPACITY) -> None:
        self._open_reader = open_reader
        self._capacity = capacity
        self._forget()

    def __getitem__(self, shard: int) -> Reader:
        if self._process != os.getpid():
            self._forget()
        with self._lock:
            reader = self._readers.pop(shard, None)
            if reader is None:
                if len(self._readers) >= self._capacity:
                    self._readers.popitem(last=False)[1].close()
                reader = self._open_reader(shard)
            self._readers[shard] = reader
            return reader

    def _forget(self) -> None:
        self._readers: OrderedDict[int, Reader] = OrderedDict()
        self._lock = threading.Lock()
        self._process = os.getpid()

    def __getstate__(self) -> dict[str, Any]:
        return {"_open_reader": self._open_reader, "_capacity": self._capacity}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()
