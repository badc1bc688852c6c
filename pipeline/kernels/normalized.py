"""Texts without what exact dedup is to overlook: case, punctuation, white space."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import kernel, reads, writes

from .buffers import TextArray, text_buffers
from .unicode_tables import CASE_SHIFT, DIGIT, LETTER, LINE_BREAK, MARK, SPACE, UNSPACED, unicode_tables
from .utf8 import encode
from .words import entry_at


@dataclass(frozen=True)
class Normalized:
    """Normalised UTF-8 of n documents; that of document d is `data[offsets[d] : offsets[d + 1]]`.

    Args:
        data: uint8.
        offsets: int64 (n + 1,).
    """

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]

    def document(self, index: int) -> memoryview:
        """The bytes of one document; a view."""
        return self.data[self.offsets[index] : self.offsets[index + 1]].data


def normalized(texts: TextArray, *, case: bool, punctuation: bool, whitespace: bool) -> Normalized:
    """Normalise a large_string array; a null counts as an empty document.

    Args:
        texts: The documents.
        case: Lower each character's case by itself.
        punctuation: Leave out what is neither letter, digit nor white space, and marks that follow neither letter nor
            digit: punctuation, symbols, control and format characters.
        whitespace: Make one space of each run of white space, and none at both ends.
    """
    buffers, tables = text_buffers(texts), unicode_tables()
    # Two bytes become three in the two letters whose lower case lies further up: U+023A and U+023E.
    room = int(buffers.sizes.sum())
    data = np.empty(room + room // 2 if case else room, np.uint8)
    offsets = np.zeros(len(texts) + 1, np.int64)
    index, pages, flags = tables.index, tables.pages, (int(case), int(punctuation), int(whitespace))
    normalize_all(buffers.data, buffers.starts, buffers.stops, index, pages, *flags, offsets, data)
    return Normalized(data, offsets)


@kernel(
    types.void(
        reads(types.uint8),
        reads(types.int64),
        reads(types.int64),
        reads(types.uint16),
        reads(types.int32),
        types.int64,
        types.int64,
        types.int64,
        writes(types.int64),
        writes(types.uint8),
    )
)
def normalize_all(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    index: NDArray[np.uint16],
    pages: NDArray[np.int32],
    case: int,
    punctuation: int,
    whitespace: int,
    offsets: NDArray[np.int64],
    out: NDArray[np.uint8],
) -> None:
    """Fill `offsets` and `out`, which must have room for one and a half times the documents."""
    at = 0
    for document in range(len(starts)):
        position, stop, first = starts[document], stops[document], at
        in_word = gap = False
        while position < stop:
            code, length, entry = entry_at(data, position, stop, index, pages)
            position += length
            if entry & (SPACE | LINE_BREAK):
                in_word = False
                if whitespace:
                    gap = True
                    continue
            elif entry & (LETTER | DIGIT | UNSPACED):
                in_word = True
            elif not (entry & MARK and in_word):
                in_word = False
                if punctuation:
                    continue
            if gap and at > first:
                out[at] = 0x20
                at += 1
            gap = False
            shift = entry >> CASE_SHIFT
            if case and shift != 0:
                encoded, width = encode(code + shift)
                for place in range((width - 1) * 8, -8, -8):
                    out[at] = encoded >> place & 0xFF
                    at += 1
            else:
                for source in range(position - length, position):
                    out[at] = data[source]
                    at += 1
        offsets[document + 1] = at
