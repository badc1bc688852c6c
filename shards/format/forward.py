"""Reading a stream forward, in small pieces, at the cost of large ones."""

from collections.abc import Iterator
from typing import Protocol

_CHUNK = 256 << 10
"""Bytes asked for at a time: large against a call's cost, small against a processor's cache."""


class Source(Protocol):
    """A stream read from its beginning."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; fewer only at the end."""


class ForwardReader:
    """Takes chunks from a source and gives out what is asked for.

    Args:
        source: Where the bytes come from.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._chunk = b""
        self._position = 0

    def read(self, size: int) -> bytes:
        """The next `size` bytes; fewer only at the end."""
        end = self._position + size
        if end <= len(self._chunk):
            data = self._chunk[self._position : end]
            self._position = end
            return data
        return b"".join(self.pieces(size))

    def pieces(self, size: int) -> Iterator[bytes]:
        """The next `size` bytes (fewer only at the end), however many they are, in pieces that are not empty."""
        while size > 0:
            if self._position == len(self._chunk):
                self._chunk, self._position = self._source.read(_CHUNK), 0
                if not self._chunk:
                    return
            piece = self._chunk[self._position : self._position + size]
            self._position += len(piece)
            size -= len(piece)
            yield piece
