"""SHA-256 of what flows through a stream, so that a file is hashed while it is written or read, not again."""

import hashlib
from typing import BinaryIO

from .forward import Source

CHUNK = 1 << 20
"""Bytes that are hashed and written, or read, at a time."""


class HashingWriter:
    """Gathers small writes into chunks, hashes each chunk and writes it on.

    Args:
        stream: Where the bytes go; it stays open.
    """

    closed = False
    """What pyarrow asks of a file."""

    def __init__(self, stream: BinaryIO) -> None:
        self.bytes = 0
        self._stream = stream
        self._hash = hashlib.sha256()
        self._pending: list[bytes] = []
        self._pending_bytes = 0

    def write(self, data: bytes) -> None:
        """Take `data`; it reaches the stream with its chunk, or at `finish`."""
        self._pending.append(data)
        self._pending_bytes += len(data)
        if self._pending_bytes >= CHUNK:
            self._pass_on()

    def tell(self) -> int:
        """Bytes taken so far."""
        return self.bytes + self._pending_bytes

    def flush(self) -> None:
        """Nothing: chunks are passed on when they are full."""

    def finish(self) -> str:
        """Write what is pending; the SHA-256 of everything, in hexadecimal."""
        self._pass_on()
        return self._hash.hexdigest()

    def _pass_on(self) -> None:
        chunk = b"".join(self._pending)
        self._hash.update(chunk)
        self._stream.write(chunk)
        self.bytes += len(chunk)
        self._pending, self._pending_bytes = [], 0


class HashingReader:
    """Hashes a stream while somebody reads it from its beginning.

    Args:
        stream: A binary stream at its beginning; it stays open.
    """

    def __init__(self, stream: Source) -> None:
        self.bytes = 0
        self._stream = stream
        self._hash = hashlib.sha256()

    def read(self, size: int) -> bytes:
        """At most `size` bytes; fewer only at the end."""
        data = self._stream.read(size)
        self._hash.update(data)
        self.bytes += len(data)
        return data

    def finish(self) -> str:
        """Read what nobody read; the SHA-256 of the whole stream, in hexadecimal."""
        while self.read(CHUNK):
            pass
        return self._hash.hexdigest()
