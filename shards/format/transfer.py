"""Bytes from a store behind any fsspec URL: many requests at once, each asked again as `patience` says.

Requests run on fsspec's own event loop; a file system without coroutines runs in threads beside it. Every wait has a
deadline. A body that is shorter than asked for is asked for again; when it comes back as short, the file ends there.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

import fsspec
from fsspec.asyn import get_loop

from ..base.errors import StoreError
from .faults import beyond_end, described, permanent
from .patience import OPENING, Budget, Patience, pause
from .spent import spent
from .urls import local_path

WHOLE = -1
_AT_ONCE = 64
"""Requests of one read that are under way together."""
_GRACE = 10.0
"""Seconds after which a read that ignores its deadline is given up from outside."""
_S3 = {"max_pool_connections": 256, "retries": {"total_max_attempts": 1, "mode": "standard"}}
"""For botocore: as many connections as a batch has ranges, and no attempts besides those counted here."""


class Range(NamedTuple):
    """The bytes of a file from `begin` to `end`, exclusive; WHOLE as the end is the file's own."""

    url: str
    begin: int
    end: int


class Transfer:
    """Reads from stores for one process after the other; its budget covers all that it reads.

    Args:
        patience: How long, and how often.
    """

    def __init__(self, patience: Patience) -> None:
        self.patience = patience
        self._budget = Budget(patience.failures)

    def read(self, ranges: Sequence[Range]) -> list[bytes]:
        """Ranges of files, in that order; one that goes over its file's end is shorter.

        Raises:
            FileNotFoundError: There is no such file.
            StoreError: It cannot be read, or not in time.
        """
        # Here and not on the loop, which some file systems wait for when they are made.
        systems = {url: _reading_system(url) for url in {each.url for each in ranges}}
        until = time.monotonic() + self.patience.deadline
        # fsspec's loop is another one after a fork.
        future = asyncio.run_coroutine_threadsafe(self._all(systems, ranges, until), get_loop())
        try:
            with spent("network"):
                return future.result(self.patience.deadline + _GRACE)
        except TimeoutError as error:
            raise _late(ranges[0].url, self.patience.deadline, "no answer at all") from error
        finally:
            future.cancel()

    def ranges(self, url: str, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Ranges (begin, end) of one file; see `read`."""
        return self.read([Range(url, begin, end) for begin, end in ranges])

    async def _all(self, systems: Mapping[str, tuple[Any, str]], ranges: Sequence[Range], until: float) -> list[bytes]:
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(each: Range) -> bytes:
            async with gate:
                return await self._one(*systems[each.url], each, until)

        tasks = [asyncio.ensure_future(one(each)) for each in ranges]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def _one(self, system: Any, path: str, wanted: Range, until: float) -> bytes:
        url, begin, end = wanted
        size = 0 if end == WHOLE else end - begin
        cut = -1
        for attempt in count():
            left = until - time.monotonic()
            try:
                data = await asyncio.wait_for(_cat(system, path, begin, end), min(self.patience.allowance(size), left))
            except Exception as error:
                if beyond_end(error):
                    return b""
                if (stays := permanent(error, url)) is not None:
                    raise stays from error
                fault = described(error)
            else:
                if end == WHOLE or len(data) == size or len(data) == cut:
                    self._budget.earn()
                    return data
                if len(data) > size:
                    raise _unranged(url, size, len(data))
                cut, fault = len(data), f"{len(data):,} of {size:,} bytes"
            self._budget.spend(url, fault)
            wait = pause(attempt)
            if time.monotonic() + wait >= until:
                raise _late(url, self.patience.deadline, f"{attempt + 1} failed attempts, the last one with {fault}")
            await asyncio.sleep(wait)
        raise AssertionError("count() does not end")


def fetch(url: str, transfer: Transfer | None = None) -> bytes:
    """All bytes of a small file, on this machine or elsewhere.

    Args:
        url: A path or any fsspec URL.
        transfer: What reads it; default: one of little patience.

    Raises:
        FileNotFoundError: There is no such file.
        StoreError: A store does not give it.
    """
    path = local_path(url)
    if path is not None:
        return path.read_bytes()
    # A range without end saves the request for the file's size that some file systems send before.
    return (transfer or Transfer(OPENING)).read([Range(url, 0, WHOLE)])[0]


async def _cat(system: Any, path: str, begin: int, end: int) -> bytes:
    stop = None if end == WHOLE else end
    if system.async_impl:
        data: bytes = await system._cat_file(path, start=begin, end=stop)
    else:
        data = await asyncio.to_thread(system.cat_file, path, start=begin, end=stop)
    return data


def _reading_system(url: str) -> tuple[Any, str]:
    """The file system behind a URL, set up for many small reads, and the path within it; fsspec keeps instances."""
    if not url.startswith(("s3://", "s3a://")):
        plain: tuple[Any, str] = fsspec.core.url_to_fs(url)
        return plain
    configured = fsspec.config.conf.get("s3", {}).get("config_kwargs", {})
    found: tuple[Any, str] = fsspec.core.url_to_fs(url, config_kwargs={**_S3, **configured})
    found[0].retries = 1
    return found


def _late(url: str, deadline: float, found: str) -> StoreError:
    return StoreError(
        f"{url} could not be read within {deadline:g} seconds",
        found=found,
        remedy="See to the store or the network; the same command line continues the run",
    )


def _unranged(url: str, size: int, found: int) -> StoreError:
    return StoreError(
        f"the server of {url} gives no ranges of files",
        found=f"{found:,} bytes instead of {size:,}",
        remedy="Copy the shards to a server that does, or to this machine",
    )
