"""C4's rules for lines: which stay, and what they are without their citations; see `filters/c4_quality.py`.

The text that is left is written once, line by line; a line that turns out to be bad is written over by the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import device, kernel, reads, writes

from .buffers import TextArray, text_buffers
from .lines import LINE_ARRAYS, LineArrays
from .phrases import PHRASES, Phrases, marks_in, phrases_of
from .segments import Segments
from .sentences import sentences, sentences_in_tokens
from .tokens import CHARACTER, TOKEN_ARRAYS, TokenArrays
from .unicode_tables import DIGIT, LINE_BREAK, SPACE, TERMINAL, UNSPACED, unicode_tables
from .utf8 import code_before
from .words import entry_at

ENDS = tuple(b".?!\"'")
CORNER_BRACKETS = (0x300D, 0x300F)
"""Closing quotation marks of Japanese and Chinese, as `"` is one of English."""

LOREM_IPSUM, JAVASCRIPT, CURLY_BRACKET, POLICY = (1 << bit for bit in range(4))
OPEN, CLOSE, DOT, LINE_FEED = map(ord, "[].\n")
EDIT, CITATION_NEEDED = tuple(b"[edit]"), tuple(b"[citation needed]")


@dataclass(frozen=True)
class LineRules:
    """How a line must be.

    Args:
        min_words: What stands between white space, at least.
        max_word_length: Characters in a word, at most.
        citations: Whether `[1]`, `[]`, `[edit]` and `[citation needed]` are cut out of it.
        other_scripts: Whether it may end in a mark that ends a sentence in any script, and whether a letter of a
            script without spaces is a word.
        policy: Phrases that remove a line.
    """

    min_words: int
    max_word_length: int
    citations: bool
    other_scripts: bool
    policy: Sequence[str]


@dataclass(frozen=True)
class LineCounts:
    """What became of the lines, all int64 (documents,).

    Args:
        kept: Lines that are left.
        sentences: Sentences in them.
        lorem_ipsum: Lines good by their form that hold `lorem ipsum`.
        curly_brackets: Those that hold `{`, but for those with `javascript`.
        long_word: Lines removed, by cause.
        no_end: The same.
        few_words: The same.
        javascript: The same.
        policy: The same.
        citations: Citations cut out of what is left.
        changed: 1 where the text is another one now.
    """

    kept: NDArray[np.int64]
    sentences: NDArray[np.int64]
    lorem_ipsum: NDArray[np.int64]
    curly_brackets: NDArray[np.int64]
    long_word: NDArray[np.int64]
    no_end: NDArray[np.int64]
    few_words: NDArray[np.int64]
    javascript: NDArray[np.int64]
    policy: NDArray[np.int64]
    citations: NDArray[np.int64]
    changed: NDArray[np.int64]


def keep_lines(texts: TextArray, segments: Segments, rules: LineRules) -> tuple[pa.Array, LineCounts]:
    """The lines that follow the rules, joined by line feeds, as a large_string array; and what was counted.

    Args:
        texts: large_string (documents,).
        segments: What `segment` makes of them.
        rules: How lines must be.
    """
    buffers, tables, tokens = text_buffers(texts), unicode_tables(), segments.tokens
    phrases = phrases_of(
        [
            ("lorem ipsum", LOREM_IPSUM),
            ("javascript", JAVASCRIPT),
            ("{", CURLY_BRACKET),
            *((phrase, POLICY) for phrase in rules.policy),
        ]
    )
    counts = np.zeros((len(fields(LineCounts)), len(texts)), np.int64)
    kept, offsets = np.empty(int(buffers.sizes.sum()), np.uint8), np.zeros(len(texts) + 1, np.int64)
    cut_lines = np.zeros((3, len(segments.lines.kinds)), np.int64)
    limits = np.array([rules.min_words, rules.max_word_length, rules.citations, rules.other_scripts], np.int64)
    choose_lines(
        buffers.data,
        buffers.starts,
        buffers.stops,
        segments.lines.offsets,
        segments.lines.arrays,
        tokens.offsets,
        TokenArrays(tokens.hashes, tokens.starts, tokens.stops, tokens.characters, tokens.kinds),
        tables.index,
        tables.pages,
        limits,
        phrases,
        kept,
        offsets,
        counts,
        cut_lines,
    )
    # Without its citations a line has other tokens.
    cut = cut_lines[:, : np.count_nonzero(cut_lines[2])]
    result = LineCounts(*counts)
    # Empty lines that stand for more.
    np.add(result.no_end, segments.counts.lines - np.diff(segments.lines.offsets), out=result.no_end)
    np.add.at(result.sentences, cut[0], sentences(_texts(kept, cut[1], cut[2])))
    left = pa.LargeStringArray.from_buffers(len(texts), pa.py_buffer(offsets), pa.py_buffer(kept[: offsets[-1]]))
    return left, result


def _texts(data: NDArray[np.uint8], starts: NDArray[np.int64], stops: NDArray[np.int64]) -> pa.Array:
    """Spans of a buffer as a large_string array."""
    spans = zip(starts.tolist(), stops.tolist(), strict=True)
    return pa.array([data[start:stop].tobytes().decode() for start, stop in spans], pa.large_string())


@kernel(
    types.void(
        reads(types.uint8), reads(types.int64), reads(types.int64), reads(types.int64), LINE_ARRAYS,
        reads(types.int64), TOKEN_ARRAYS, reads(types.uint16), reads(types.int32), reads(types.int64), PHRASES,
        writes(types.uint8), writes(types.int64), writes(types.int64, 2), writes(types.int64, 2),
    )
)  # fmt: skip
def choose_lines(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    lines_of: NDArray[np.int64],
    lines: LineArrays,
    tokens_of: NDArray[np.int64],
    tokens: TokenArrays,
    index: NDArray[np.uint16],
    pages: NDArray[np.int32],
    limits: NDArray[np.int64],
    phrases: Phrases,
    kept: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    counts: NDArray[np.int64],
    cut_lines: NDArray[np.int64],
) -> None:
    """Fill `kept` with the lines that are left, `offsets` of the documents in it, and `counts`.

    The sentences of lines with citations are not counted: `cut_lines`, (document start stop, lines), says where in
    `kept` they stand.
    """
    min_words, max_word_length, citations, other_scripts = limits[0], limits[1], limits[2] != 0, limits[3] != 0
    written = cut_line = 0
    for document in range(len(starts)):
        origin, opens = starts[document], written
        left = counted = lorem_ipsum = curly_brackets = 0
        long_word = no_end = few_words = javascript = policy = removed = 0
        behind = lines_of[document + 1]
        for line in range(lines_of[document], behind):
            first = tokens_of[document] + int(lines.tokens[line])
            last = tokens_of[document + 1]
            if line + 1 < behind:
                last = tokens_of[document] + int(lines.tokens[line + 1])
            start, stop = origin + int(lines.text_starts[line]), origin + int(lines.text_stops[line])
            words = np.int64(lines.runs[line])
            if np.int64(lines.longest_run[line]) > max_word_length and (
                not other_scripts or _longest_word(data, start, stop, index, pages) > max_word_length
            ):
                long_word += 1
                continue
            code = np.int64(lines.last[line])
            if code != CLOSE and not _is_end(code, other_scripts, index, pages):
                no_end += 1
                continue
            begins = written + 1 if left else written
            end, cut = _copy(data, start, stop, kept, begins, citations, index, pages)
            if left == 0 and cut:
                end = _without_space(kept, begins, end, index, pages)
            if cut or code == CLOSE:
                code = code_before(kept, begins, end)[0] if end > begins else np.int64(0)
            dots = end - begins >= 3 and kept[end - 1] == DOT and kept[end - 2] == DOT and kept[end - 3] == DOT
            if dots or not _is_end(code, other_scripts, index, pages):
                no_end += 1
                continue
            if words < min_words and other_scripts:
                letters = np.int64(0)
                for token in range(first, last):
                    letters += tokens.kinds[token] & CHARACTER != 0
                words = max(words, letters)
            if words < min_words:
                few_words += 1
                continue
            marks = marks_in(kept, begins, end, phrases)
            lorem_ipsum += marks & LOREM_IPSUM != 0
            if marks & JAVASCRIPT:
                javascript += 1
                continue
            curly_brackets += marks & CURLY_BRACKET != 0
            if marks & POLICY:
                policy += 1
                continue
            if cut:
                cut_lines[0, cut_line], cut_lines[1, cut_line], cut_lines[2, cut_line] = document, begins, end
                cut_line += 1
            else:
                counted += sentences_in_tokens(data, origin, tokens, first, last, index, pages)
            removed += cut
            if left:
                kept[written] = LINE_FEED
            written, left = end, left + 1
        offsets[document + 1] = written
        changed = _differs(data, origin, stops[document], kept, opens, written)
        for field, count in enumerate(
            (
                left,
                counted,
                lorem_ipsum,
                curly_brackets,
                long_word,
                no_end,
                few_words,
                javascript,
                policy,
                removed,
                int(changed),
            )
        ):
            counts[field, document] = count


@device
def _is_end(code: np.int64, other_scripts: bool, index: NDArray[np.uint16], pages: NDArray[np.int32]) -> bool:
    """Whether a line may end in this character."""
    for end in ENDS:
        if code == end:
            return True
    if code < 0x80 or not other_scripts:
        return False
    entry = np.int64(pages[np.int64(index[code >> 7]) << 7 | code & 127])
    return bool(entry & TERMINAL) or code == CORNER_BRACKETS[0] or code == CORNER_BRACKETS[1]


@device
def _longest_word(
    data: NDArray[np.uint8], start: int, stop: int, index: NDArray[np.uint16], pages: NDArray[np.int32]
) -> int:
    """Characters in the longest run of anything but white space and letters of scripts without spaces."""
    longest = size = 0
    while start < stop:
        _, length, entry = entry_at(data, start, stop, index, pages)
        size = 0 if entry & (SPACE | LINE_BREAK | UNSPACED) else size + 1
        longest = max(longest, size)
        start += length
    return longest


@device
def _copy(
    data: NDArray[np.uint8],
    start: int,
    stop: int,
    kept: NDArray[np.uint8],
    written: int,
    citations: bool,
    index: NDArray[np.uint16],
    pages: NDArray[np.int32],
) -> tuple[int, int]:
    """Copy a line, without citations if they are to be cut; where it ends in `kept`, and how many were cut."""
    cut = 0
    while start < stop:
        if citations and data[start] == OPEN:
            size = _citation(data, start, stop, index, pages)
            if size:
                start += size
                cut += 1
                continue
        kept[written] = data[start]
        start, written = start + 1, written + 1
    return written, cut


@device
def _citation(
    data: NDArray[np.uint8], start: int, stop: int, index: NDArray[np.uint16], pages: NDArray[np.int32]
) -> int:
    """Bytes of the citation that opens at `start`; 0 when there is none."""
    position = start + 1
    while position < stop:
        _, length, entry = entry_at(data, position, stop, index, pages)
        if not entry & DIGIT:
            break
        position += length
    if position < stop and data[position] == CLOSE:
        return position + 1 - start
    if _stands(data, start, stop, EDIT):
        return len(EDIT)
    return len(CITATION_NEEDED) if _stands(data, start, stop, CITATION_NEEDED) else 0


@device
def _stands(data: NDArray[np.uint8], start: int, stop: int, text: tuple[int, ...]) -> bool:
    """Whether `text` stands at `start`."""
    if start + len(text) > stop:
        return False
    same = 0
    while same < len(text) and data[start + same] == text[same]:
        same += 1
    return same == len(text)


@device
def _without_space(
    kept: NDArray[np.uint8], start: int, stop: int, index: NDArray[np.uint16], pages: NDArray[np.int32]
) -> int:
    """Move `kept[start:stop]` over the white space at its front; where it ends now."""
    text = start
    while text < stop:
        _, length, entry = entry_at(kept, text, stop, index, pages)
        if not entry & (SPACE | LINE_BREAK):
            break
        text += length
    for position in range(text, stop):
        kept[start + position - text] = kept[position]
    return start + stop - text


@device
def _differs(data: NDArray[np.uint8], start: int, stop: int, kept: NDArray[np.uint8], opens: int, written: int) -> bool:
    """Whether `kept[opens:written]` is not `data[start:stop]`."""
    if stop - start != written - opens:
        return True
    offset = 0
    while start + offset < stop and data[start + offset] == kept[opens + offset]:
        offset += 1
    return start + offset < stop
