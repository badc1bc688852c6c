"""Compressed fields, such as `json.zst` or `npy.gz`: unpacked, but never beyond a bound."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import zstandard
from isal import isal_zlib

LIMIT = 1 << 30
"""Bytes to which a field may unpack."""

_PIECE = 1024
"""Packed bytes given to Zstandard at a time, which makes at most 32 MiB of them."""
_GZIP = 31
"""What zlib calls gzip."""


@dataclass(frozen=True)
class Decompress:
    """The codec of a compressed field; what it unpacks is decoded further by the rest of the field's name.

    Args:
        kind: How it is compressed; several frames (or members) one after the other are one content.
        limit: The most bytes to which it may unpack.
    """

    kind: Literal["gzip", "zstandard"]
    limit: int = LIMIT

    def __call__(self, data: bytes) -> bytes:
        """Unpack.

        Raises:
            ValueError: It is cut off, or unpacks to more than the limit.
            zstandard.ZstdError: It is not Zstandard's, or damaged.
            isal_zlib.error: It is not gzip's, or damaged.
        """
        pieces, size = [], 0
        for piece in (_gunzip if self.kind == "gzip" else _unzstd)(data, self.limit):
            pieces.append(piece)
            size += len(piece)
            if size > self.limit:
                raise ValueError(f"it unpacks to more than {self.limit:,} bytes")
        return b"".join(pieces)


@dataclass(frozen=True)
class Unpacked:
    """The codec of a field that is compressed, and of another kind within.

    Args:
        outer: Unpacks it.
        inner: Decodes what was unpacked.
    """

    outer: Decompress
    inner: Callable[[bytes], Any]

    def __call__(self, data: bytes) -> Any:
        """Unpack and decode; raises what either raises."""
        return self.inner(self.outer(data))


def _gunzip(data: bytes, limit: int) -> Iterator[bytes]:
    while True:
        member = isal_zlib.decompressobj(_GZIP)
        yield member.decompress(data, limit + 1)
        if not member.eof:
            # More than the limit ends here as well, after the caller has counted.
            raise ValueError("it is cut off")
        # As gzip itself, pass over zeros that fill up the end.
        data = member.unused_data.lstrip(b"\0")
        if not data:
            return


def _unzstd(data: bytes, limit: int) -> Iterator[bytes]:
    begin = 0
    while True:
        if zstandard.frame_content_size(data[begin : begin + 18]) > limit:
            raise ValueError(f"it unpacks to more than {limit:,} bytes")
        frame = zstandard.ZstdDecompressor().decompressobj()
        while not frame.eof:
            piece = data[begin : begin + _PIECE]
            if not piece:
                raise ValueError("it is cut off")
            begin += len(piece)
            yield frame.decompress(piece)
        begin -= len(frame.unused_data)
        if begin == len(data):
            return
