"""Batches read ahead in this process: several small ones at once, by threads, while earlier ones are worked on.

What calls cost is spread over the batches that are read together; the system's calls and the checksums, which need no
interpreter, run on other cores. The threads run nothing of a user's and ask nothing of the order, which is not made for
threads. Where a reading fails, its batches are read anew one by one, each when it is due: what is damaged is replaced,
and what is wrong told, where it belongs.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from ...format.packed import Empty
from ..order.places import Places, joined
from ..sources.reading import Reading
from .located import AHEAD

if TYPE_CHECKING:
    from ..stream import Stream

TOGETHER = 32 << 20
"""Bytes of columns that are read together, where a batch has less; of at most AHEAD batches. Reading drives the
interpreter out of the processor's caches, so that each turn of it costs thrice what its work does. [Batches of 3 MB,
time of all cores for an epoch of 240 MB: 68 ms with 16 MB, 64 ms with 32 MB, 62 ms with 48 MB]"""
_THREADS = 2
"""Threads, at most: one may need the interpreter while the other reads."""

Fetch = Callable[[Places], Reading]
"""Reads the samples at some places, side by side."""

Fetched = Sequence[Reading] | None
"""The readings of some batches; None where that failed."""


def readings(stream: "Stream", batches: Iterator[Places], empty: Empty) -> Iterator[Reading]:
    """The samples of a stream's batches, batch by batch, not transformed yet; read ahead where that can be done.

    Args:
        stream: What is read.
        batches: Where they lie.
        empty: What allocates columns that are delivered as they are read.
    """
    fetch = partial(stream.fetch, empty=empty)
    return read_ahead(batches, fetch, partial(fetch, instead=_not_now)) if stream.plain else map(fetch, batches)


def read_ahead(batches: Iterator[Places], fetch: Fetch, attempt: Fetch) -> Iterator[Reading]:
    """The samples of batches, batch by batch; raises what `fetch` raises for a batch instead of it.

    Args:
        batches: Where they lie.
        fetch: Reads the samples of one that is due.
        attempt: Reads those of several, or raises anything; called by threads.
    """
    for places in islice(batches, 1):
        first = fetch(places)
        size = max(1, min(AHEAD, TOGETHER // max(1, first.found.nbytes)))
        units = _groups(batches, size)
        with _Readers(attempt) as readers:
            under_way = deque((unit, readers.begin(unit)) for unit in islice(units, readers.ahead))
            yield first
            while under_way:
                unit, result = under_way.popleft()
                # Located while the readers are at work, so that none of them waits for it.
                following = list(islice(units, 1))
                fetched = result()
                under_way.extend((each, readers.begin(each)) for each in following)
                yield from map(fetch, unit) if fetched is None else fetched


def _groups(batches: Iterator[Places], size: int) -> Iterator[list[Places]]:
    while group := list(islice(batches, size)):
        yield group


def _not_now(position: int, attempts: int) -> Places:
    """What may be read instead of a damaged sample, where nobody can be asked."""
    raise LookupError(position)


def _attempted(attempt: Fetch, unit: Sequence[Places]) -> Fetched:
    try:
        return attempt(joined(unit)).parts(len(unit))
    # Whatever it is, whoever reads the batches anew meets it again.
    except Exception:
        return None


class _Readers:
    """Threads that read; where there is one core, and in a process forked from theirs, all is read when it is due.

    Args:
        attempt: Reads several batches as one.
    """

    def __init__(self, attempt: Fetch) -> None:
        self._read = partial(_attempted, attempt)
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        threads = min(cores, _THREADS)
        self._pool = ThreadPoolExecutor(threads, "headrace-ahead") if threads > 1 else None
        self._process = os.getpid()
        self.ahead = threads + 1 if self._pool else 1
        """How many readings are to be under way."""

    def begin(self, unit: Sequence[Places]) -> Callable[[], Fetched]:
        """Begin to read batches; what is returned waits for them."""
        if self._pool is None or self._forked():
            return partial(self._read, unit)
        future = self._pool.submit(self._read, unit)
        return lambda: self._read(unit) if self._forked() else future.result()

    def _forked(self) -> bool:
        return os.getpid() != self._process

    def __enter__(self) -> "_Readers":
        return self

    def __exit__(self, *_: Any) -> None:
        if self._pool is not None and not self._forked():
            self._pool.shutdown(cancel_futures=True)
