"""Reads of several shards that wait for a network, all at once: together they take one round trip, not one each."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from .spent import spent

_THREADS = 256
"""As many as a usual batch has shards; they do nothing but wait."""

Asked = TypeVar("Asked")
Found = TypeVar("Found")


def read_at_once(read: Callable[[Asked], Found], asked: Sequence[Asked]) -> list[Found]:
    """What `read` returns for each of `asked`, in that order; raises what it raises for the first that fails.

    The threads end with the call, so that a fork finds none.
    """
    with spent("network"), ThreadPoolExecutor(min(_THREADS, len(asked)), "headrace-read") as threads:
        return list(threads.map(read, asked))
