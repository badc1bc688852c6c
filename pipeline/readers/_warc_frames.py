"""The framing of WARC records (ISO 28500:2017, section 4), which survives records that lie about their length.

A record is `WARC/1.x`, header lines, an empty line, a block of Content-Length bytes, and two line breaks. A record
whose block is not followed by what must follow is an error, and reading goes on at the next thing that looks like a
record, even inside the block: what a lying length swallowed is found again.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

MAX_HEADER = 32 << 10
CHUNK = 256 << 10

_MARKER = re.compile(rb"WARC/[01]\.\d{1,2}\r?\n[A-Za-z]")
_MARKER_BYTES = 16
_LENGTH = re.compile(rb"\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r?\n", re.IGNORECASE)
_END_OF_RECORD = b"\r\n\r\n"
_BEGIN = b"WARC/"


class Stream(Protocol):
    """Bytes in order; `damage` says why they ended too soon."""

    @property
    def damage(self) -> str | None:
        """Why reading stopped, once it did; None at a proper end."""

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end."""


@dataclass(frozen=True)
class Frame:
    """One record, or bytes that are none.

    Args:
        offset: Where it begins in the stream.
        size: How many bytes it takes.
        record: Header and block; None if `error` is set.
        error: Why these bytes are no record.
    """

    offset: int
    size: int
    record: bytes | None = None
    error: str | None = None


class _BadFrame(Exception):
    """What stands here is no record; the message says why."""


def frames(stream: Stream, limit: int, wanted: Callable[[bytes], bool]) -> Iterator[Frame]:
    """Every wanted record of a stream, and every error, in order.

    Args:
        stream: Uncompressed WARC.
        limit: A record of more bytes is an error; it is passed over without being held in memory.
        wanted: Says of a record's header whether the record counts.
    """
    window = _Window(stream)
    blamed = False
    while window.skip_line_breaks():
        start = window.offset
        try:
            header, size = _measure(window, limit)
        except _BadFrame as problem:
            error = str(problem)
            blamed |= stream.damage is not None
            yield Frame(start, window.skip_to_marker(), error=error)
            continue
        if size <= limit:
            record = window.peek(size) if wanted(header) else None
            window.skip(size)
            if record is not None:
                yield Frame(start, size, record)
            continue
        skipped = window.skip_to_marker()
        if skipped < size or skipped > size + len(_END_OF_RECORD):
            yield Frame(start, skipped, error=f"the record says that it has {size} bytes, but it has {skipped}")
        elif wanted(header):
            yield Frame(start, size, error=f"the record has {size} bytes, more than the limit of {limit}")
    if stream.damage and not blamed:
        yield Frame(window.offset, 0, error=stream.damage)


def _measure(window: "_Window", limit: int) -> tuple[bytes, int]:
    """The header of the record at the window's start and the size of header and block together.

    Raises:
        _BadFrame: There is no record here, or not a whole one.
    """
    if window.peek(len(_BEGIN)) != _BEGIN:
        raise _BadFrame(f"no WARC record, but {window.peek(24)!r}...")
    header = window.peek(window.header_size(MAX_HEADER))
    if not header:
        raise _BadFrame(_because("the record's header does not end", window))
    length = _LENGTH.search(header)
    if length is None:
        raise _BadFrame("the record has no Content-Length")
    size = len(header) + int(length[1])
    if size > limit:
        return header, size
    # One byte more than what may follow, so that the end of the stream, and its damage, is noticed.
    tail = window.peek(len(_END_OF_RECORD) + len(_BEGIN), behind=size)
    if window.held < size:
        raise _BadFrame(_because(f"the record ends after {window.held} of {size} bytes", window))
    rest = tail.lstrip(b"\r\n")
    if not rest and window.damage:
        raise _BadFrame(window.damage)
    if rest and not tail.startswith(_END_OF_RECORD) and not rest.startswith(_BEGIN[: len(rest)]):
        raise _BadFrame(f"the record's Content-Length ({int(length[1])}) does not lead to its end")
    return header, size


def _because(problem: str, window: "_Window") -> str:
    return f"{problem} ({window.damage})" if window.damage else problem


class _Window:
    """A stream seen through a buffer that can look ahead."""

    def __init__(self, stream: Stream) -> None:
        self.offset = 0
        self._stream = stream
        self._data = bytearray()
        self._ended = False

    @property
    def held(self) -> int:
        """Bytes that have been looked at and not skipped."""
        return len(self._data)

    @property
    def damage(self) -> str | None:
        """Why the stream ended, if the end has been seen and is none."""
        return self._stream.damage

    def peek(self, size: int, behind: int = 0) -> bytes:
        """The next `size` bytes, `behind` bytes from here, fewer at the end; they stay."""
        self._hold(behind + size)
        return bytes(memoryview(self._data)[behind : behind + size])

    def header_size(self, limit: int) -> int:
        """How many bytes there are up to the first empty line, which counts; 0 if it ends beyond `limit`."""
        self._hold(limit)
        crlf = self._data.find(b"\n\r\n", 0, limit) + 3
        lf = self._data.find(b"\n\n", 0, crlf if crlf > 2 else limit) + 2
        return lf if lf > 1 else crlf if crlf > 2 else 0

    def _hold(self, size: int) -> None:
        while len(self._data) < size and not self._ended:
            chunk = self._stream.read(CHUNK)
            self._data += chunk
            self._ended = not chunk

    def skip(self, size: int) -> None:
        """Forget bytes that have been looked at."""
        del self._data[:size]
        self.offset += size

    def skip_line_breaks(self) -> bool:
        """Forget line breaks; whether anything follows them."""
        while True:
            self._hold(_MARKER_BYTES)
            if not self._data:
                return False
            if self._data[0] not in b"\r\n":
                return True
            chunk = self._data[:_MARKER_BYTES]
            self.skip(len(chunk) - len(chunk.lstrip(b"\r\n")))

    def skip_to_marker(self) -> int:
        """Leave the record at the start for the next one, or for the end; how many bytes were skipped."""
        start = self.offset
        self.skip(min(len(_BEGIN), self.held))
        while self.peek(CHUNK):
            marker = _MARKER.search(self._data)
            if marker is not None:
                self.skip(marker.start())
                break
            self.skip(self.held if self._ended else self.held - _MARKER_BYTES)
        return self.offset - start
