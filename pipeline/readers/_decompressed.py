"""A file's content, decompressed by what its first bytes say: gzip, zstd, or as it is."""

from typing import IO

import pyarrow as pa

CHUNK = 64 << 10

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
        codec = codec_of(file)
        file.seek(0)
        self._inflated = None if codec is None else pa.CompressedInputStream(pa.PythonFile(file, mode="r"), codec)

    def read(self, size: int) -> bytes:
        """At most `size` bytes (of a compressed file at most 64 KiB); none at the end, or where damage begins."""
        if self.damage is not None:
            return b""
        if self._inflated is None:
            return self._file.read(size)
        try:
            content = bytes(self._inflated.read(min(size, CHUNK)))
        except OSError as error:
            self.damage = f"damaged compression after {self._given} bytes of content: {error}"
            return b""
        self._given += len(content)
        if self._given > max(BOMB_BYTES, BOMB_RATIO * self._file.tell()):
            self.damage = f"the content is more than {BOMB_RATIO} times as large as the file"
        return content
