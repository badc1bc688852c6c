"""JPEG: what a file says of itself, and its pixels by libjpeg-turbo."""

import struct
from typing import Literal

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from .header import Header, UnusualPicture
from .orientation import UPRIGHT, exif_orientation

MAX_SCANS = 100
"""A progressive JPEG of 10 is usual; each costs a pass over all pixels, however few bytes it has."""

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_WITHOUT_LENGTH = frozenset({0x00, 0x01, *range(0xD0, 0xD9)})
_APP1, _END, _SCAN = 0xE1, 0xD9, 0xDA

# What libjpeg-turbo (jerror.h) says of files whose coded pixels are whole.
_HARMLESS = (
    "extraneous bytes before marker 0xd9",
    "unknown JFIF revision",
    "Unknown Adobe color transform",
    "Invalid SOS parameters for sequential JPEG",
)


def jpeg_header(data: bytes) -> Header:
    """The header of a file that begins with JPEG's signature.

    Raises:
        ValueError: It holds no picture.
        struct.error, IndexError: It is cut off before its size.
    """
    place, orientation = 2, UPRIGHT
    while (place := data.find(b"\xff", place)) >= 0:
        marker = data[place + 1]
        if marker in _FRAMES:
            height, width, components = struct.unpack_from(">HHB", data, place + 5)
            return Header("JPEG", height, width, orientation, components, marker in _PROGRESSIVE)
        if marker in (_END, _SCAN):
            break
        if marker == 0xFF:
            place += 1  # filling
        elif marker in _WITHOUT_LENGTH:
            place += 2
        else:
            if marker == _APP1 and data.startswith(b"Exif\0\0", place + 4):
                orientation = exif_orientation(data, place + 10)
            (length,) = struct.unpack_from(">H", data, place + 2)
            place += 2 + length
    raise ValueError("a JPEG without a picture in it")


def decode_jpeg(data: bytes, header: Header, channels: Literal[1, 3] | None, reduction: int) -> NDArray[np.uint8]:
    """The pixels as stored (H, W, C) of a JPEG in grey or colour; for the arguments see `decode`.

    Raises:
        UnusualPicture: It is in CMYK, or breaks a rule although its pixels seem whole.
        ValueError: It is damaged, cut off, or has more than `MAX_SCANS` scans.
    """
    # In coded pixels 0xff is never followed by this.
    if header.progressive and (scans := data.count(b"\xff\xda")) > MAX_SCANS:
        raise ValueError(f"a progressive JPEG of {scans:,} scans; at most {MAX_SCANS} are decoded")
    if header.components not in (1, 3):
        raise UnusualPicture
    try:
        pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(
            data,
            "RGB" if (channels or header.components) == 3 else "GRAY",
            min_height=-(-header.height // reduction),
            min_width=-(-header.width // reduction),
        )
    except ValueError as error:
        if any(words in str(error) for words in _HARMLESS):
            raise UnusualPicture from error
        raise ValueError(f"a damaged JPEG: {error}") from error
    return pixels
