"""Ranges of bytes of one file: `pread` on this machine, range requests elsewhere."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from ..base.errors import ShardError
from .faults import missing
from .patience import Patience
from .remote import RemoteFile
from .transfer import Transfer
from .urls import local_path


class OpenFile:
    """A file that the system holds open for as long as somebody holds this.

    Args:
        path: The file.

    Attributes:
        descriptor: What `pread` takes.
    """

    __slots__ = ("descriptor",)

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def __del__(self) -> None:
        # Where it could not be opened there is nothing to close.
        if hasattr(self, "descriptor"):
            os.close(self.descriptor)


class RangeSource(Protocol):
    """A file of which ranges can be read, before and after a fork, and which travels to other processes unopened."""

    def opened(self) -> OpenFile | None:
        """The file, where it lies on this machine and can be read by `pread`; None where it is to be asked for ranges.

        Raises:
            ShardError: There is no such file, or it cannot be opened.
        """

    def read(self, starts: Sequence[int], sizes: Sequence[int]) -> list[bytes]:
        """The ranges in the order asked for; one that goes over the file's end is shorter than asked for.

        Raises:
            ShardError: There is no such file, or it cannot be opened.
            StoreError: It lies elsewhere, and its store does not give it.
        """

    def read_again(self, starts: Sequence[int], sizes: Sequence[int]) -> list[bytes]:
        """As `read`, from where the file really lies, for bytes that turned out to be wrong."""

    def close(self) -> None:
        """Let go of the file; a later read opens it again."""


def open_source(url: str, transfer: Transfer | None = None) -> RangeSource:
    """The source for a path or URL; nothing is opened before the first read.

    Args:
        url: The file.
        transfer: What reads it where it lies elsewhere; default: one of its own.
    """
    path = local_path(url)
    return RemoteFile(url, transfer or Transfer(Patience())) if path is None else LocalFile(path)


class LocalFile:
    """A file on this machine. `pread` has no position to share, so a forked child may use the same descriptor.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: OpenFile | None = None

    def opened(self) -> OpenFile:
        """See `RangeSource.opened`."""
        # Held here and by whoever reads, so that `close` takes it away from nobody.
        file = self._file = self._file or self._open()
        return file

    def read(self, starts: Sequence[int], sizes: Sequence[int]) -> list[bytes]:
        """See `RangeSource.read`."""
        file = self.opened()
        pread = os.pread
        found = [pread(file.descriptor, size, start) for start, size in zip(starts, sizes, strict=True)]
        if sum(map(len, found)) != sum(sizes):
            found = [_continue(file.descriptor, *each) for each in zip(found, starts, sizes, strict=True)]
        return found

    def read_again(self, starts: Sequence[int], sizes: Sequence[int]) -> list[bytes]:
        """See `RangeSource.read_again`."""
        return self.read(starts, sizes)

    def close(self) -> None:
        """See `RangeSource.close`."""
        self._file = None

    def _open(self) -> OpenFile:
        try:
            return OpenFile(self._path)
        except FileNotFoundError as error:
            raise missing(str(self._path)) from error
        except OSError as error:
            raise ShardError(
                f"{self._path} cannot be opened",
                found=error.strerror or str(error),
                remedy="See that you may read it; a stream keeps up to 512 shards open, which `ulimit -n` must allow",
            ) from error

    def __getstate__(self) -> dict[str, Any]:
        return {"_path": self._path, "_file": None}


def _continue(descriptor: int, data: bytes, start: int, size: int) -> bytes:
    """The rest of a range of which the system gave only a part (at most 2 GiB a call), up to the file's end."""
    while len(data) < size:
        more = os.pread(descriptor, size - len(data), start + len(data))
        if not more:
            break
        data += more
    return data
