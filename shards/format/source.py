"""Ranges of bytes of one file: `pread` on this machine, range requests elsewhere."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from ..base.errors import ShardError
from .urls import filesystem, local_path

_GAP = 16 << 10
"""Ranges that lie this near together are one request: less than a round trip's worth of bytes."""
_REQUEST = 8 << 20
"""Ranges are not joined into requests larger than this."""


class RangeSource(Protocol):
    """A file of which ranges can be read, before and after a fork, and which travels to other processes unopened."""

    def read(self, starts: Sequence[int], sizes: Sequence[int]) -> list[bytes]:
        """The ranges in the order asked for; one that goes over the file's end is shorter than asked for.

        Raises:
            ShardError: There is no such file, or it cannot be opened.
        """

    def close(self) -> None:
        """Let go of the file; a later read opens it again."""


def open_source(url: str) -> RangeSource:
    """The source for a path or URL; nothing is opened before the first read."""
    path = local_path(url)
    return RemoteFile(url) if path is None else LocalFile(path)


class LocalFile:
    """A file on this machine. `pread` has no position to share, so a forked child may use the same descriptor.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def read(self, starts: Sequence[int], sizes: Sequence[int]) -> list[bytes]:
        """See `RangeSource.read`."""
        descriptor = self._open() if self._descriptor is None else self._descriptor
        pread = os.pread
        found = [pread(descriptor, size, start) for start, size in zip(starts, sizes, strict=True)]
        if sum(map(len, found)) != sum(sizes):
            found = [_continue(descriptor, *each) for each in zip(found, starts, sizes, strict=True)]
        return found

    def close(self) -> None:
        """See `RangeSource.close`."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _open(self) -> int:
        try:
            self._descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise missing(str(self._path)) from error
        except OSError as error:
            raise ShardError(
                f"{self._path} cannot be opened",
                found=error.strerror or str(error),
                remedy="See that you may read it; a stream keeps up to 512 shards open, which `ulimit -n` must allow",
            ) from error
        return self._descriptor

    def __getstate__(self) -> dict[str, Any]:
        return {"_path": self._path, "_descriptor": None}

    def __del__(self) -> None:
        self.close()


class RemoteFile:
    """A file behind an fsspec URL.

    Args:
        url: The file.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._system: Any = None
        self._path = ""
        self._process = 0

    def read(self, starts: Sequence[int], sizes: Sequence[int]) -> list[bytes]:
        """See `RangeSource.read`."""
        if self._process != os.getpid():
            # The threads and connections of an fsspec file system do not survive a fork.
            self._system, self._path = filesystem(self._url)
            self._process = os.getpid()
        requests = joined(starts, sizes)
        begins, ends = [each[0] for each in requests], [each[1] for each in requests]
        try:
            blocks = self._system.cat_ranges([self._path] * len(requests), begins, ends, on_error="raise")
        except FileNotFoundError as error:
            raise missing(self._url) from error
        found = [b""] * len(starts)
        for (begin, _, members), block in zip(requests, blocks, strict=True):
            for member in members:
                at = starts[member] - begin
                found[member] = block[at : at + sizes[member]]
        return found

    def close(self) -> None:
        """See `RangeSource.close`."""
        self._system, self._process = None, 0

    def __getstate__(self) -> dict[str, Any]:
        return {"_url": self._url, "_system": None, "_path": "", "_process": 0}


def joined(starts: Sequence[int], sizes: Sequence[int]) -> list[tuple[int, int, list[int]]]:
    """Requests (begin, end, positions of the ranges within) that cover all ranges which are not empty."""
    order = sorted((position for position in range(len(starts)) if sizes[position]), key=lambda each: starts[each])
    requests: list[tuple[int, int, list[int]]] = []
    for position in order:
        start, end = starts[position], starts[position] + sizes[position]
        if requests:
            begin, reached, members = requests[-1]
            if start - reached <= _GAP and max(end, reached) - begin <= _REQUEST:
                members.append(position)
                requests[-1] = (begin, max(end, reached), members)
                continue
        requests.append((start, end, [position]))
    return requests


def missing(place: str) -> ShardError:
    """The error for a shard or index that is not there."""
    return ShardError(
        f"there is no {place}",
        expected="every file that the manifest names",
        remedy="Run `headrace verify` on the folder to see what else is missing, and copy or build it again",
    )


def _continue(descriptor: int, data: bytes, start: int, size: int) -> bytes:
    """The rest of a range of which the system gave only a part (at most 2 GiB a call), up to the file's end."""
    while len(data) < size:
        more = os.pread(descriptor, size - len(data), start + len(data))
        if not more:
            break
        data += more
    return data
