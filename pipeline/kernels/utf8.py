"""Reading and writing code points as UTF-8, safe on any bytes: nothing beyond the document is ever read."""

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels.compile import device

REPLACEMENT = np.int64(0xFFFD)
"""What stands for a byte that opens no valid sequence (U+FFFD, a symbol)."""


@device
def decode(data: NDArray[np.uint8], position: int, stop: int) -> tuple[np.int64, int]:
    """The code point at `position` and its length in bytes; (REPLACEMENT, 1) where no valid one stands before `stop`.

    Valid is what RFC 3629 says: no overlong form, no surrogate, nothing above U+10FFFF.
    """
    lead = np.int64(data[position])
    if lead < 0x80:
        return lead, 1
    if lead < 0xE0:
        if lead >= 0xC2 and position + 1 < stop:
            second = np.int64(data[position + 1]) ^ 0x80
            if second < 0x40:
                return (lead & 0x1F) << 6 | second, 2
    elif lead < 0xF0:
        if position + 2 < stop:
            second, third = np.int64(data[position + 1]) ^ 0x80, np.int64(data[position + 2]) ^ 0x80
            code = (lead & 0x0F) << 12 | second << 6 | third
            if second | third < 0x40 and code >= 0x800 and code >> 11 != 0x1B:
                return code, 3
    elif lead < 0xF5 and position + 3 < stop:
        second, third = np.int64(data[position + 1]) ^ 0x80, np.int64(data[position + 2]) ^ 0x80
        fourth = np.int64(data[position + 3]) ^ 0x80
        code = (lead & 0x07) << 18 | second << 12 | third << 6 | fourth
        if second | third | fourth < 0x40 and 0x10000 <= code < 0x110000:
            return code, 4
    return REPLACEMENT, 1


@device
def encode(code: np.int64) -> tuple[np.int64, int]:
    """The UTF-8 of a code point as one number, first byte highest, and how many bytes it has."""
    if code < 0x80:
        return code, 1
    if code < 0x800:
        return (0xC0 | code >> 6) << 8 | (0x80 | code & 0x3F), 2
    if code < 0x10000:
        return (0xE0 | code >> 12) << 16 | (0x80 | code >> 6 & 0x3F) << 8 | (0x80 | code & 0x3F), 3
    head = (0xF0 | code >> 18) << 24 | (0x80 | code >> 12 & 0x3F) << 16
    return head | (0x80 | code >> 6 & 0x3F) << 8 | (0x80 | code & 0x3F), 4


@device
def code_before(data: NDArray[np.uint8], start: int, position: int) -> tuple[np.int64, int]:
    """The code point that ends at `position`, in a document that starts before it, and its length in bytes."""
    for length in range(1, min(4, position - start) + 1):
        if data[position - length] & 0xC0 != 0x80:
            code, width = decode(data, position - length, position)
            return (code, length) if width == length else (REPLACEMENT, 1)
    return REPLACEMENT, 1
