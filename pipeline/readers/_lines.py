"""Lines of a stream with their byte offsets, read in pieces."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

CHUNK = 1 << 20


@dataclass(frozen=True)
class Line:
    """One line.

    Args:
        offset: Where it begins.
        size: How many bytes it has, its line break included.
        content: The line without its break; None where it is longer than the limit.
    """

    offset: int
    size: int
    content: bytes | None


def lines(read: Callable[[int], bytes], offset: int, stop: int, limit: int) -> Iterator[Line]:
    """The lines that begin at `offset` or behind it, and before `stop`.

    Args:
        read: Gives the next bytes of the stream, at most as many as asked for, none at the end.
        offset: Where in the stream `read` stands: at the beginning of a line.
        stop: No line that begins here or later is given.
        limit: A longer line is passed over without being held in memory.
    """
    data = bytearray()
    searched, passed, ended = 0, 0, False
    while offset < stop:
        end = data.find(b"\n", searched) + 1
        if not end and ended:
            end = len(data)
            if not end and not passed:
                return
        if end or ended:
            size = passed + end
            yield Line(offset, size, None if size > limit else bytes(data[:end].rstrip(b"\r\n")))
            del data[:end]
            offset, searched, passed = offset + size, 0, 0
            continue
        if passed + len(data) > limit:
            passed += len(data)
            data.clear()
        searched = len(data)
        chunk = read(CHUNK)
        ended = not chunk
        data += chunk


def skip_line(read: Callable[[int], bytes]) -> int:
    """Read up to and including the next line break; how many bytes lie before the line after it."""
    skipped = 0
    while chunk := read(CHUNK):
        end = chunk.find(b"\n")
        if end >= 0:
            return skipped + end + 1
        skipped += len(chunk)
    return skipped
