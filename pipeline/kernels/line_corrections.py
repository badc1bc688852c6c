"""RefinedWeb's corrections of lines, on the buffer; what they are stands in `filters/line_corrections.py`.

A line that goes, goes with its break; all that stays is copied as it stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import device, kernel, reads, writes

from .buffers import TextArray, text_buffers
from .lines import LINE_ARRAYS, LineArrays, Lines
from .unicode_tables import CASE_SHIFT, DIGIT, LETTER, LINE_BREAK, MARK, SPACE, UNSPACED, unicode_tables
from .words import OPENS, entry_at

COUNTED, AT_START, AT_END, ANYWHERE = range(4)
"""What a phrase is for: the word of a counter, or where it is cut out of a short line."""

KEPT, UPPER, NUMERIC, COUNTER, FEW_WORDS, CUT, CUT_AWAY = range(7)
"""What became of a line."""

CASE = 0x20


@dataclass(frozen=True)
class Corrections:
    """What is corrected.

    Args:
        max_upper: Share of the letters of a line that may be capitals.
        min_words: Words in a line.
        short_line: Words in a line out of which phrases are cut, at most.
        counters: What a line counts that is nothing but a number and one of these.
        at_start: Phrases that are cut off the beginning of a short line.
        at_end: Phrases that are cut off its end.
        anywhere: Phrases that are cut out of it.
    """

    max_upper: float
    min_words: int
    short_line: int
    counters: Sequence[str]
    at_start: Sequence[str]
    at_end: Sequence[str]
    anywhere: Sequence[str]


@dataclass(frozen=True)
class CorrectionCounts:
    """What became of the lines, all int64 (documents,).

    Args:
        upper: Lines removed, by cause.
        numeric: The same.
        counter: The same.
        few_words: The same.
        cut: Lines out of which a phrase was cut.
        words: Words of the document before.
        flagged_words: Words of the lines that were removed or cut.
    """

    upper: NDArray[np.int64]
    numeric: NDArray[np.int64]
    counter: NDArray[np.int64]
    few_words: NDArray[np.int64]
    cut: NDArray[np.int64]
    words: NDArray[np.int64]
    flagged_words: NDArray[np.int64]


def correct_lines(texts: TextArray, lines: Lines, corrections: Corrections) -> tuple[pa.Array, CorrectionCounts]:
    """The corrected texts as a large_string array, and what was corrected.

    Args:
        texts: large_string (documents,).
        lines: Their lines, as `segment` gives them.
        corrections: What is corrected.
    """
    buffers, tables = text_buffers(texts), unicode_tables()
    phrases = [
        (phrase.encode().lower(), kind)
        for kind, group in (
            (COUNTED, corrections.counters),
            (AT_START, corrections.at_start),
            (AT_END, corrections.at_end),
            (ANYWHERE, corrections.anywhere),
        )
        # Of phrases that begin alike the longest is cut.
        for phrase in sorted(group, key=len, reverse=True)
    ]
    counts = np.zeros((len(fields(CorrectionCounts)), len(texts)), np.int64)
    kept, offsets = np.empty(int(buffers.sizes.sum()), np.uint8), np.zeros(len(texts) + 1, np.int64)
    correct_all(
        buffers.data,
        buffers.starts,
        buffers.stops,
        lines.offsets,
        lines.arrays,
        tables.index,
        tables.pages,
        corrections.max_upper,
        corrections.min_words,
        corrections.short_line,
        np.frombuffer(b"".join(phrase for phrase, _ in phrases), np.uint8),
        np.cumsum([0, *(len(phrase) for phrase, _ in phrases)], dtype=np.int64),
        np.array([kind for _, kind in phrases], np.int64),
        kept,
        offsets,
        counts,
    )
    left = pa.LargeStringArray.from_buffers(len(texts), pa.py_buffer(offsets), pa.py_buffer(kept[: offsets[-1]]))
    return left, CorrectionCounts(*counts)


@kernel(
    types.void(
        reads(types.uint8), reads(types.int64), reads(types.int64), reads(types.int64), LINE_ARRAYS,
        reads(types.uint16), reads(types.int32), types.float64, types.int64, types.int64, reads(types.uint8),
        reads(types.int64), reads(types.int64), writes(types.uint8), writes(types.int64), writes(types.int64, 2),
    )
)  # fmt: skip
def correct_all(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    lines_of: NDArray[np.int64],
    lines: LineArrays,
    index: NDArray[np.uint16],
    pages: NDArray[np.int32],
    max_upper: float,
    min_words: int,
    short_line: int,
    text: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    kinds: NDArray[np.int64],
    kept: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> None:
    """Fill `kept` with what is left, `offsets` of the documents in it, and `counts`."""
    written = 0
    for document in range(len(starts)):
        origin, behind = starts[document], lines_of[document + 1]
        for line in range(lines_of[document], behind):
            start, stop = origin + int(lines.text_starts[line]), origin + int(lines.text_stops[line])
            first, end = origin + int(lines.starts[line]), stops[document]
            if line + 1 < behind:
                end = origin + int(lines.starts[line + 1])
            words, letters, upper, digits = _count(data, start, stop, index, pages)
            fate, before = KEPT, written
            if upper > max_upper * letters:
                fate = UPPER
            elif digits and not letters:
                fate = NUMERIC
            elif digits and _is_counter(data, start, stop, index, pages, text, bounds, kinds):
                fate = COUNTER
            elif 0 < words < min_words:
                fate = FEW_WORDS
            if fate == KEPT:
                written = _copy(data, first, start, kept, written)
                begins = written
                if 0 < words <= short_line:
                    written, fate = _cut(data, start, stop, index, pages, text, bounds, kinds, kept, written)
                else:
                    written = _copy(data, start, stop, kept, written)
                if fate == CUT and _count(kept, begins, written, index, pages)[0] == 0:
                    fate, written = CUT_AWAY, before
                else:
                    written = _copy(data, stop, end, kept, written)
            counts[5, document] += words
            if fate != KEPT:
                counts[min(fate, CUT) - 1, document] += 1
                counts[6, document] += words
        offsets[document + 1] = written


@device
def _copy(data: NDArray[np.uint8], start: int, stop: int, kept: NDArray[np.uint8], written: int) -> int:
    """Copy bytes; where they end."""
    for position in range(start, stop):
        kept[written + position - start] = data[position]
    return written + stop - start


@device
def _count(
    data: NDArray[np.uint8], start: int, stop: int, index: NDArray[np.uint16], pages: NDArray[np.int32]
) -> tuple[int, int, int, int]:
    """Words, letters, capitals (letters with a small form) and digits."""
    words = letters = upper = digits = 0
    inside = False  # a word; but for one letter of a script without spaces, behind which every letter opens another
    while start < stop:
        _, length, entry = entry_at(data, start, stop, index, pages)
        words += entry & OPENS != 0 and (not inside or entry & UNSPACED != 0)
        inside = entry & (LETTER | DIGIT) != 0 or (inside and entry & MARK != 0)
        letters += entry & (LETTER | UNSPACED) != 0
        upper += entry & LETTER != 0 and entry >> CASE_SHIFT != 0
        digits += entry & DIGIT != 0
        start += length
    return words, letters, upper, digits


@device
def _is_counter(
    data: NDArray[np.uint8],
    start: int,
    stop: int,
    index: NDArray[np.uint16],
    pages: NDArray[np.int32],
    text: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    kinds: NDArray[np.int64],
) -> bool:
    """Whether there is nothing but a number, maybe in thousands or millions, and what it counts."""
    position = start
    while position < stop and (ord("0") <= data[position] <= ord("9") or data[position] in (ord("."), ord(","))):
        position += 1
    if position == start:
        return False
    if position < stop and data[position] | CASE in (ord("k"), ord("m")):
        position += 1
    word = position
    while word < stop:
        _, length, entry = entry_at(data, word, stop, index, pages)
        if not entry & (SPACE | LINE_BREAK):
            break
        word += length
    if word == position:
        return False
    for phrase in range(len(kinds)):
        size = bounds[phrase + 1] - bounds[phrase]
        if kinds[phrase] == COUNTED and stop - word == size and _equals(data, word, text, bounds[phrase], size):
            return True
    return False


@device
def _cut(
    data: NDArray[np.uint8],
    start: int,
    stop: int,
    index: NDArray[np.uint16],
    pages: NDArray[np.int32],
    text: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    kinds: NDArray[np.int64],
    kept: NDArray[np.uint8],
    written: int,
) -> tuple[int, int]:
    """Copy a short line without the phrases; where it ends, and KEPT or CUT."""
    first, end = start, stop
    for phrase in range(len(kinds)):
        kind, begins, size = kinds[phrase], bounds[phrase], bounds[phrase + 1] - bounds[phrase]
        if kind == AT_START and first == start and _stands(data, start, stop, start, text, begins, size):
            first = start + size
        fits = kind == AT_END and end == stop and stop - size >= first
        if fits and _stands(data, start, stop, stop - size, text, begins, size):
            end = stop - size
    fate = CUT if first > start or end < stop else KEPT
    while first < end:
        step = 0
        for phrase in range(len(kinds)):
            begins, size = bounds[phrase], bounds[phrase + 1] - bounds[phrase]
            fits = kinds[phrase] == ANYWHERE and step == 0 and first + size <= end
            if fits and _stands(data, start, stop, first, text, begins, size):
                step = size
        if step:
            first, fate = first + step, CUT
        else:
            kept[written] = data[first]
            first, written = first + 1, written + 1
    return written, fate


@device
def _stands(
    data: NDArray[np.uint8], start: int, stop: int, position: int, text: NDArray[np.uint8], begins: int, size: int
) -> bool:
    """Whether a phrase stands at `position`, and is no part of a longer word of ASCII."""
    if position + size > stop or not _equals(data, position, text, begins, size):
        return False
    behind = position + size
    joined_before = position > start and _is_word(data[position]) and _is_word(data[position - 1])
    return not joined_before and not (behind < stop and _is_word(data[behind]) and _is_word(data[behind - 1]))


@device
def _is_word(byte: int) -> bool:
    return ord("0") <= byte <= ord("9") or ord("a") <= byte | CASE <= ord("z")


@device
def _equals(data: NDArray[np.uint8], start: int, text: NDArray[np.uint8], begins: int, size: int) -> bool:
    """Whether a phrase stands at `start`, whatever the case of ASCII letters."""
    for offset in range(size):
        byte = data[start + offset]
        if ord("A") <= byte <= ord("Z"):
            byte |= CASE
        if byte != text[begins + offset]:
            return False
    return True
