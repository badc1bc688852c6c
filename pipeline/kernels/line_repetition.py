r"""Repeated lines and paragraphs, where lines are what stands between `\n`.

Rae et al. 2021 (arXiv 2112.11446), table A1, and Penedo et al. 2024 (FineWeb, arXiv 2406.17557), section 3.6, measure
them.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import device, kernel, reads, writes

from .buffers import TextBuffers
from .hash_table import mask_for, new_table, slot_of
from .hashing import SEED, absorb, finish, hash_span
from .lines import BLANK, LINE_ARRAYS, LINE_FEED, LineArrays, Lines

SEEN = np.uint64(1)


@dataclass(frozen=True)
class LineRepetition:
    r"""Counts, all int64 (documents,).

    Args:
        lines: Pieces between runs of `\n`; an empty one before a first or behind a last `\n` counts.
        duplicate_lines: Those that occurred before.
        duplicate_line_characters: Code points in them.
        duplicate_blank_characters: Code points in those of them that are nothing but white space.
        paragraphs: Pieces between runs of two and more `\n`, of the text without white space around it.
        duplicate_paragraphs: Those that occurred before.
        duplicate_paragraph_characters: Code points in them.
    """

    lines: NDArray[np.int64]
    duplicate_lines: NDArray[np.int64]
    duplicate_line_characters: NDArray[np.int64]
    duplicate_blank_characters: NDArray[np.int64]
    paragraphs: NDArray[np.int64]
    duplicate_paragraphs: NDArray[np.int64]
    duplicate_paragraph_characters: NDArray[np.int64]


def line_repetition(buffers: TextBuffers, lines: Lines) -> LineRepetition:
    """Measure documents, whose lines are given as `feed_lines` gives them."""
    counts = np.zeros((len(fields(LineRepetition)), len(buffers.starts)), np.int64)
    table = new_table(int(np.diff(lines.offsets).max(initial=0)))
    count_repeated(buffers.data, buffers.starts, lines.offsets, lines.arrays, table, counts)
    return LineRepetition(*counts)


@kernel(
    types.void(
        reads(types.uint8), reads(types.int64), reads(types.int64), LINE_ARRAYS, writes(types.uint64),
        writes(types.int64, 2),
    )
)  # fmt: skip
def count_repeated(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    offsets: NDArray[np.int64],
    lines: LineArrays,
    table: NDArray[np.uint64],
    counts: NDArray[np.int64],
) -> None:
    """Fill `counts`, (fields of LineRepetition, documents)."""
    for document in range(len(starts)):
        origin, first, stop = int(starts[document]), int(offsets[document]), int(offsets[document + 1])
        if first == stop:
            continue
        mask, generation = mask_for(stop - first), np.uint64(2 * document + 1)
        opens_empty = lines.kinds[first] & LINE_FEED != 0 and lines.starts[first] == lines.stops[first]
        ends_empty = lines.kinds[stop - 1] & LINE_FEED != 0
        pieces, duplicates = int(opens_empty) + int(ends_empty), int(opens_empty and ends_empty)
        characters = blank_characters = 0
        for line in range(first, stop):
            if lines.starts[line] < lines.stops[line]:
                pieces += 1
                slot = slot_of(table, mask, generation, lines.hashes[line])
                if table[slot] & SEEN:
                    duplicates += 1
                    characters += int(lines.characters[line])
                    blank_characters += int(lines.characters[line]) if lines.kinds[line] & BLANK else 0
                table[slot] |= SEEN
        counts[0, document], counts[1, document] = pieces, duplicates
        counts[2, document], counts[3, document] = characters, blank_characters
        paragraphs = _paragraphs(data, origin, lines, first, stop, table, mask, generation + np.uint64(1))
        counts[4, document], counts[5, document], counts[6, document] = paragraphs


@device
def _paragraphs(
    data: NDArray[np.uint8],
    origin: int,
    lines: LineArrays,
    first: int,
    stop: int,
    table: NDArray[np.uint64],
    mask: np.uint64,
    generation: np.uint64,
) -> tuple[int, int, int]:
    """Paragraphs in `lines[first:stop]` without white space around them, duplicates, and code points in those."""
    while first < stop and lines.kinds[first] & BLANK:
        first += 1
    while first < stop and lines.kinds[stop - 1] & BLANK:
        stop -= 1
    pieces = duplicates = duplicate_characters = size = characters = 0
    state = SEED
    for line in range(first, stop):
        start, end = origin + int(lines.starts[line]), origin + int(lines.stops[line])
        hashed = lines.hashes[line]
        length = int(lines.characters[line])
        text_start = origin + int(lines.text_starts[line]) if line == first else start
        text_stop = origin + int(lines.text_stops[line]) if line == stop - 1 else end
        if text_start > start or text_stop < end:
            hashed = hash_span(data, text_start, text_stop)
            length -= _characters(data, start, text_start) + _characters(data, text_stop, end)
        if start < end:
            state, size, characters = absorb(state, hashed), size + 1, characters + length
        if size and (start == end or line == stop - 1):
            pieces += 1
            slot = slot_of(table, mask, generation, finish(state, size))
            if table[slot] & SEEN:
                duplicates += 1
                duplicate_characters += characters + size - 1
            table[slot] |= SEEN
            state, size, characters = SEED, 0, 0
    return max(pieces, 1), duplicates, duplicate_characters


@device
def _characters(data: NDArray[np.uint8], start: int, stop: int) -> int:
    """Code points of white space in `data[start:stop]`."""
    count = 0
    for position in range(start, stop):
        count += data[position] & 0xC0 != 0x80
    return count
