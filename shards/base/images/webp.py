"""What a WebP file says of itself."""

import struct

from .header import Header
from .orientation import UPRIGHT, Orientation, exif_orientation

_EXIF_FLAG = 0x08


def webp_header(data: bytes) -> Header:
    """The header of a file that begins with WebP's signature.

    Raises:
        ValueError: Its first chunk is none that a WebP begins with.
        struct.error: It is cut off before its size.
    """
    kind = data[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return Header("WEBP", height & 0x3FFF, width & 0x3FFF)
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return Header("WEBP", (bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1)
    if kind == b"VP8X":
        flags, low, high, low_height, high_height = struct.unpack_from("<B3xHBHB", data, 20)
        orientation = _orientation(data) if flags & _EXIF_FLAG else UPRIGHT
        return Header("WEBP", (low_height | high_height << 16) + 1, (low | high << 16) + 1, orientation)
    raise ValueError(f"a WebP that begins with {kind!r}")


def _orientation(data: bytes) -> Orientation:
    place = 12
    while place + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, place)
        if kind == b"EXIF":
            # Some writers keep the prefix that JPEG needs.
            return exif_orientation(data, place + (14 if data.startswith(b"Exif\0\0", place + 8) else 8))
        place += 8 + length + length % 2
    return UPRIGHT
