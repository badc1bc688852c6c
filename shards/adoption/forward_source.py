"""A tar from its first byte to its last, wherever it lies: read ahead where the way is long, stopped when told to."""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

from ..base.errors import ShardError
from ..format.faults import missing
from ..format.transfer import Transfer
from ..format.urls import local_path

_REQUEST = 2 << 20
_REQUESTS = 8
"""Requests of a file that are under way, or answered and not yet looked at."""


class Checkpoint(Protocol):
    """Called between reads; raises to stop."""

    def __call__(self, size: int) -> None:
        """So many bytes were read."""


def open_forward(url: str, size: int, transfer: Transfer, checkpoint: Checkpoint) -> "ForwardFile | ForwardRanges":
    """The file at `url` as a source that is read once, and as a context that ends it.

    Args:
        url: A path or any fsspec URL.
        size: Its bytes.
        transfer: What reads it where it lies elsewhere.
        checkpoint: Called with the bytes of each read.

    Raises:
        ShardError: There is no such file, or it cannot be opened.
    """
    path = local_path(url)
    return ForwardRanges(url, size, transfer, checkpoint) if path is None else ForwardFile(path, checkpoint)


class ForwardFile:
    """A file on this machine.

    Args:
        path: The file.
        checkpoint: See `open_forward`.
    """

    def __init__(self, path: Path, checkpoint: Checkpoint) -> None:
        try:
            self._stream: BinaryIO = open(path, "rb", buffering=0)  # noqa: SIM115  # closed by the context
        except FileNotFoundError as error:
            raise missing(str(path)) from error
        except OSError as error:
            raise ShardError(f"{path} cannot be opened", found=error.strerror or str(error)) from error
        self._checkpoint = checkpoint

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none only at the end."""
        try:
            data = self._stream.read(size)
        except OSError as error:
            raise ShardError(f"{self._stream.name} cannot be read", found=error.strerror or str(error)) from error
        self._checkpoint(len(data))
        return data

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()


class ForwardRanges:
    """A file in a store: while one range is looked through, the next ones are on their way.

    Args:
        url: The file.
        size: Its bytes.
        transfer: What reads it.
        checkpoint: See `open_forward`.
    """

    def __init__(self, url: str, size: int, transfer: Transfer, checkpoint: Checkpoint) -> None:
        self._url, self._transfer, self._checkpoint = url, transfer, checkpoint
        self._pool = ThreadPoolExecutor(_REQUESTS)
        self._rest = iter([(begin, min(begin + _REQUEST, size)) for begin in range(0, size, _REQUEST)])
        self._asked: deque[Future[list[bytes]]] = deque()
        self._part, self._position = b"", 0
        for _ in range(_REQUESTS):
            self._ask()

    def read(self, size: int) -> bytes:
        """At most `size` bytes; fewer only at the end of a range, none only at the file's."""
        if self._position == len(self._part):
            self._part, self._position = self._following(), 0
        data = self._part[self._position : self._position + size]
        self._position += len(data)
        self._checkpoint(len(data))
        return data

    def _following(self) -> bytes:
        """The next range; empty at the file's end."""
        if not self._asked:
            return b""
        try:
            (part,) = self._asked.popleft().result()
        except FileNotFoundError as error:
            raise missing(self._url) from error
        self._ask()
        return part

    def _ask(self) -> None:
        for each in islice(self._rest, 1):
            self._asked.append(self._pool.submit(self._transfer.ranges, self._url, [each]))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
