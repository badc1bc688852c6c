"""Rewriting characters by a table: which documents hold one to rewrite, and what becomes of these documents."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import kernel, reads, writes

from .buffers import TextArray, text_buffers
from .utf8 import decode

PLAIN, FOLDED, HARD = range(3)
"""Kinds of characters, and of documents by the highest kind in them: kept, rewritten by the table, not for a table."""


@dataclass(frozen=True)
class FoldTable:
    """What becomes of characters; ASCII is always kept.

    Args:
        slots: int16 (0x110000,): -1 for a character to keep, -2 for a hard one, else its place in `offsets`.
        offsets: int64 (slots + 1,): the UTF-8 of slot i is `data[offsets[i] : offsets[i + 1]]`.
        data: uint8.
    """

    slots: NDArray[np.int16]
    offsets: NDArray[np.int64]
    data: NDArray[np.uint8]


def kinds_of(texts: TextArray, table: FoldTable) -> NDArray[np.uint8]:
    """The kind of each document, uint8 (documents,)."""
    buffers = text_buffers(texts)
    kinds = np.zeros(len(texts), np.uint8)
    find_kinds(buffers.data, buffers.starts, buffers.stops, table.slots, kinds)
    return kinds


def fold(texts: TextArray, table: FoldTable) -> pa.LargeStringArray:
    """Rewrite documents; hard characters are kept."""
    buffers = text_buffers(texts)
    offsets = np.zeros(len(texts) + 1, np.int64)
    nowhere = np.zeros(0, np.uint8)
    arguments = (buffers.data, buffers.starts, buffers.stops, table.slots, table.offsets, table.data)
    write_folded(*arguments, offsets, nowhere)
    data = np.empty(offsets[-1], np.uint8)
    write_folded(*arguments, offsets, data)
    return pa.LargeStringArray.from_buffers(len(texts), pa.py_buffer(offsets), pa.py_buffer(data))


@kernel(types.void(reads(types.uint8), reads(types.int64), reads(types.int64), reads(types.int16), writes(types.uint8)))
def find_kinds(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    slots: NDArray[np.int16],
    kinds: NDArray[np.uint8],
) -> None:
    """Fill `kinds`, which are 0, with those of the documents."""
    for document in range(len(starts)):
        position, stop = starts[document], stops[document]
        while position < stop:
            if data[position] < 0x80:
                position += 1
                continue
            code, length = decode(data, position, stop)
            position += length
            if slots[code] == -1:
                continue
            if slots[code] == -2:
                kinds[document] = HARD
                break
            kinds[document] = FOLDED


@kernel(
    types.void(
        reads(types.uint8),
        reads(types.int64),
        reads(types.int64),
        reads(types.int16),
        reads(types.int64),
        reads(types.uint8),
        writes(types.int64),
        writes(types.uint8),
    )
)
def write_folded(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    slots: NDArray[np.int16],
    places: NDArray[np.int64],
    pieces: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    folded: NDArray[np.uint8],
) -> None:
    """Fill `offsets` with where the rewritten documents end, and `folded`, where it has room, with their bytes."""
    room, at = len(folded), 0
    for document in range(len(starts)):
        position, stop = starts[document], stops[document]
        while position < stop:
            code, length = np.int64(data[position]), 1
            if code >= 0x80:
                code, length = decode(data, position, stop)
            slot = slots[code]
            if slot >= 0:
                for piece in range(places[slot], places[slot + 1]):
                    if at < room:
                        folded[at] = pieces[piece]
                    at += 1
            else:
                for byte in range(position, position + length):
                    if at < room:
                        folded[at] = data[byte]
                    at += 1
            position += length
        offsets[document + 1] = at
