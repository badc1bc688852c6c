"""Which documents hold a character of a given set: one scan, in which ASCII costs next to nothing."""

import numpy as np
from numba import types
from numpy.typing import NDArray

from .buffers import TextArray, text_buffers
from .compile import kernel, reads, writes
from .utf8 import decode


def marked_documents(texts: TextArray, marked: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which documents hold a marked character, bool (documents,).

    Args:
        texts: The documents.
        marked: uint8 (0x110000 / 8,): bit c % 8 of byte c // 8 is set where the code point c is marked; ASCII is not
            looked at.
    """
    buffers = text_buffers(texts)
    found = np.zeros(len(texts), np.uint8)
    mark_documents(buffers.data, buffers.starts, buffers.stops, marked, found)
    return found.astype(np.bool_)


@kernel(types.void(reads(types.uint8), reads(types.int64), reads(types.int64), reads(types.uint8), writes(types.uint8)))
def mark_documents(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    marked: NDArray[np.uint8],
    found: NDArray[np.uint8],
) -> None:
    """Set `found` to 1 for the documents that hold a marked character."""
    for document in range(len(starts)):
        position, stop = starts[document], stops[document]
        while position < stop:
            if data[position] < 0x80:
                position += 1
                continue
            code, length = decode(data, position, stop)
            if marked[code >> 3] >> (code & 7) & 1:
                found[document] = 1
                break
            position += length
