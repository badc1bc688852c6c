"""The header of a picture of any format that is read."""

import struct

from .header import Header
from .jpeg import jpeg_header
from .png import png_header
from .webp import webp_header

MAX_PIXELS = 178_956_970
"""Pillow's bound: half a gigabyte of red, green and blue."""


def read_header(data: bytes) -> Header:
    """What a picture's file says of it; some 3 to 10 microseconds.

    Raises:
        ValueError: It is none of the formats, cut off before its size, or declares no or too many pixels.
    """
    try:
        header = _header(data)
    except (struct.error, IndexError):
        raise ValueError(f"the picture is cut off after {len(data):,} bytes, before its size is told") from None
    if not 0 < header.height * header.width <= MAX_PIXELS:
        raise ValueError(
            f"the {header.format} declares {header.width:,} x {header.height:,} pixels; "
            f"at least one and at most {MAX_PIXELS:,} in all are decoded"
        )
    return header


def _header(data: bytes) -> Header:
    if data.startswith(b"\xff\xd8\xff"):
        return jpeg_header(data)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return png_header(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return webp_header(data)
    raise ValueError(f"no JPEG, PNG or WebP begins with {data[:12]!r}")
