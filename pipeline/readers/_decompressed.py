"""A file's content, decompressed by what its first bytes say: gzip, zstd, or as it is.

A decompressor keeps to itself what it made of a piece in which it meets damage. So a damaged file is begun again, and
near the damage read byte by byte: all that stands before it is given.
"""

from typing import IO, Any

import pyarrow as pa

CHUNK = 64 << 10

CAREFUL = 2 * CHUNK
"""Bytes of a damaged file, up to where it had been read when damage was met, that are read one by one."""

BOMB_BYTES = 256 << 20
BOMB_RATIO = 400
"""Content that is both larger than this and more than so many times the bytes it comes from is not read on."""

_CODECS = {b"\x1f\x8b": "gzip", b"\x28\xb5": "zstd"}


def codec_of(file: IO[bytes]) -> str | None:
    """The compression that a file's first bytes name, "gzip" or "zstd"; None for any other file."""
    file.seek(0)
    return _CODECS.get(file.read(2))


class Decompressed:
    """The content of a file from its beginning, read forward.

    Args:
        file: A seekable file, compressed or not; several gzip members or zstd frames in a row are one content.

    Attributes:
        damage: Why reading stopped before the end; None while nothing is wrong.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.damage: str | None = None
        self._file = file
        self._given = 0
        self._careful = False
        self._codec = codec_of(file)
        file.seek(0)
        self._inflated: Any = self._inflate() if self._codec else None

    def read(self, size: int) -> bytes:
        """At most `size` bytes (of a compressed file at most 64 KiB); none at the end, or where damage begins."""
        if self.damage is not None:
            return b""
        if self._inflated is None:
            return self._file.read(size)
        if not self._careful:
            try:
                content = bytes(self._inflated.read(min(size, CHUNK)))
            except OSError:
                self._begin_again()
        if self._careful:
            content = self._read_bytes(min(size, CHUNK))
        self._given += len(content)
        if self._given > max(BOMB_BYTES, BOMB_RATIO * self._file.tell()):
            self.damage = f"the content is more than {BOMB_RATIO} times as large as the file"
        return content

    def _inflate(self, bytewise_from: int | None = None) -> pa.CompressedInputStream:
        self._file.seek(0)
        return pa.CompressedInputStream(pa.PythonFile(_Pieces(self._file, bytewise_from), mode="r"), self._codec)

    def _begin_again(self) -> None:
        """Go back to where the content stands that was given last, so as to read on byte by byte."""
        inflated, left = self._inflate(self._file.tell() - CAREFUL), self._given
        while left:
            left -= len(inflated.read(min(left, CHUNK)))
        self._inflated, self._careful = inflated, True

    def _read_bytes(self, size: int) -> bytes:
        """Content up to `size` bytes or to the damage, which is noted."""
        content = bytearray()
        try:
            while len(content) < size and (byte := self._inflated.read(1)):
                content += byte
        except OSError as error:
            self.damage = f"damaged compression after {self._given + len(content)} bytes of content: {error}"
        return bytes(content)


class _Pieces:
    """A file as Arrow takes it, that from an offset on is read byte by byte."""

    closed = False

    def __init__(self, file: IO[bytes], bytewise_from: int | None) -> None:
        self._file, self._bytewise_from = file, bytewise_from

    def read(self, size: int) -> bytes:
        """At most so many bytes; none at the end."""
        if self._bytewise_from is None:
            return self._file.read(size)
        return self._file.read(max(1, min(size, self._bytewise_from - self._file.tell())))

    def close(self) -> None:
        """Leave the file open: it belongs to whoever gave it."""
