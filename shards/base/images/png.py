"""PNG: what a file says of itself, and its pixels in half of Pillow's time, by ISA-L and a compiled filter."""

import struct
from collections.abc import Iterator
from typing import Literal

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from .header import Header, UnusualPicture
from .orientation import UPRIGHT, Orientation, exif_orientation

_SIGNATURE = 8
_CHUNK = struct.Struct(">I4s")

_BYTES_OF_PIXEL = {0: 1, 2: 3, 4: 2, 6: 4}
"""By the colour type: grey, colour, and both with transparency. There is a palette, too."""


def png_header(data: bytes) -> Header:
    """The header of a file that begins with PNG's signature.

    Raises:
        struct.error: It is cut off before its size.
    """
    width, height = struct.unpack_from(">II", data, 16)
    return Header("PNG", height, width, _orientation(data))


def decode_png(data: bytes, header: Header, channels: Literal[1, 3] | None, reduction: int) -> NDArray[np.uint8]:
    """The pixels as stored (H, W, C) of a PNG of 8 bits a channel; for the arguments see `decode`.

    Raises:
        UnusualPicture: It has a palette, other bits, or more of them than its size says, is interlaced, or its
            channels are not those asked for.
        ValueError: It is damaged or cut off.
    """
    from .png_filters import unfilter

    depth, colour, interlaced = data[24], data[25], data[28]
    step = _BYTES_OF_PIXEL.get(colour, 0)
    native = 1 if step < 3 else 3
    if depth != 8 or not step or interlaced or channels not in (None, native):
        raise UnusualPicture
    filtered = _inflated(data, header.height * (1 + header.width * step)).reshape(header.height, -1)
    rows = np.empty((1 + header.height, header.width * step), np.uint8)
    rows[0] = 0
    if (known := unfilter(filtered, step, rows)) < header.height:
        raise ValueError(f"a damaged PNG: row {known:,} is of no known filter")
    return rows[1:].reshape(header.height, header.width, step)[..., :native]


def _inflated(data: bytes, size: int) -> NDArray[np.uint8]:
    packed = b"".join(data[begin : begin + length] for kind, begin, length in _chunks(data) if kind == b"IDAT")
    stream = isal_zlib.decompressobj()
    try:
        # One byte more, so that its end is looked for and its checksum looked at.
        unpacked = stream.decompress(packed, size + 1)
    except isal_zlib.error as error:  # type: ignore[misc]  # their stub takes the class for an instance
        raise ValueError(f"a damaged PNG: {error}") from error
    if len(unpacked) > size:
        raise UnusualPicture
    if not stream.eof or len(unpacked) < size:
        raise ValueError(f"a damaged PNG: {len(unpacked):,} of {size:,} bytes of pixels are there")
    return np.frombuffer(unpacked, np.uint8)


def _orientation(data: bytes) -> Orientation:
    # It may stand behind the pixels; to look for its name takes less time than to go from chunk to chunk.
    if b"eXIf" not in data:
        return UPRIGHT
    return next((exif_orientation(data, begin) for kind, begin, _ in _chunks(data) if kind == b"eXIf"), UPRIGHT)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The kind of each chunk, where its content begins, and its length."""
    place = _SIGNATURE
    while place + _CHUNK.size <= len(data):
        length, kind = _CHUNK.unpack_from(data, place)
        yield kind, place + _CHUNK.size, length
        place += _CHUNK.size + length + 4
