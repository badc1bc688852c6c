"""What a PNG file says of itself."""

import struct

from .header import Header
from .orientation import UPRIGHT, Orientation, exif_orientation


def png_header(data: bytes) -> Header:
    """The header of a file that begins with PNG's signature.

    Raises:
        struct.error: It is cut off before its size.
    """
    width, height = struct.unpack_from(">II", data, 16)
    return Header("PNG", height, width, _orientation(data))


def _orientation(data: bytes) -> Orientation:
    # EXIF may stand behind the pixels.
    place = 8
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        if kind == b"eXIf":
            return exif_orientation(data, place + 8)
        place += 12 + length
    return UPRIGHT
