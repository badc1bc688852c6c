"""Lines, and what is noted of each."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import device, writes

from .hashing import hash_span
from .unicode_tables import BULLET as BULLET_ENTRY
from .unicode_tables import PAGE_BITS, PAGE_SIZE, TERMINAL
from .utf8 import code_before, decode

BLANK, BULLET, ELLIPSIS, ENDS_SENTENCE, ENDS_IN_SPACE, LINE_FEED, RETURN_AND_FEED, OTHER_BREAK = (
    1 << bit for bit in range(8)
)
"""Kinds of lines: nothing but white space; opens with a mark of a list (`unicode_tables.BULLETS`); ends, before white
space, in `...` or `…`; ends, before white space, in a mark that ends a sentence; has white space at its end; and is
ended by `\\n`, by `\\r\\n`, by another break."""

ELLIPSIS_MARK, DOT = ord("…"), ord(".")


class LineArrays(NamedTuple):
    """Where the walk writes lines; see `Lines`."""

    hashes: NDArray[np.uint64]
    starts: NDArray[np.uint32]
    stops: NDArray[np.uint32]
    text_starts: NDArray[np.uint32]
    text_stops: NDArray[np.uint32]
    characters: NDArray[np.uint32]
    tokens: NDArray[np.uint32]
    runs: NDArray[np.uint32]
    longest_run: NDArray[np.uint32]
    last: NDArray[np.uint32]
    kinds: NDArray[np.uint8]


LINE_ARRAYS = types.NamedTuple(
    (writes(types.uint64), *[writes(types.uint32)] * 9, writes(types.uint8)),
    LineArrays,
)


@dataclass(frozen=True)
class Lines:
    r"""The lines of n documents, as `str.splitlines` cuts them; those of document d are `offsets[d] : offsets[d + 1]`.

    An empty line between `\n\n` and `\n` stands for all empty lines behind it, too, up to the start of the next line or
    the document's end. So a text of line feeds takes no more room than another.

    Args:
        offsets: int64 (n + 1,).
        hashes: uint64, of each line's bytes without its break (`hashing.hash_span`).
        starts: uint32, byte at which it starts, from the start of its document.
        stops: uint32, byte behind it, where its break begins, if it has one.
        text_starts: uint32, byte of its first character that is no white space; its stop in a blank line.
        text_stops: uint32, byte behind its last character that is no white space; its stop in a blank line.
        characters: uint32, code points in it.
        tokens: uint32, its first token, counted from the first one of its document.
        runs: uint32, runs of anything but white space in it (`len(line.split())`).
        longest_run: uint32, code points in the longest of them.
        last: uint32, the last code point that is no white space; 0 in a blank line.
        kinds: uint8, the bits BLANK, BULLET, ELLIPSIS, ENDS_SENTENCE, ENDS_IN_SPACE, and what ends it:
            LINE_FEED, RETURN_AND_FEED, OTHER_BREAK, or none of them at the document's end.
    """

    offsets: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    starts: NDArray[np.uint32]
    stops: NDArray[np.uint32]
    text_starts: NDArray[np.uint32]
    text_stops: NDArray[np.uint32]
    characters: NDArray[np.uint32]
    tokens: NDArray[np.uint32]
    runs: NDArray[np.uint32]
    longest_run: NDArray[np.uint32]
    last: NDArray[np.uint32]
    kinds: NDArray[np.uint8]

    @property
    def arrays(self) -> "LineArrays":
        """The flat arrays, for kernels."""
        return LineArrays(*(getattr(self, name) for name in LineArrays._fields))

    def count(self, chosen: NDArray[Any]) -> NDArray[np.int64]:
        """Lines of each document for which `chosen` is not 0, int64 (n,): `lines.count(lines.kinds & BULLET)`."""
        return np.diff(np.searchsorted(np.flatnonzero(chosen), self.offsets))


@device
def put_line(
    lines: LineArrays,
    count: int,
    data: NDArray[np.uint8],
    origin: int,
    start: int,
    stop: int,
    text_start: int,
    text_stop: int,
    characters: int,
    token: int,
    runs: int,
    longest_run: int,
    ending: int,
    index: NDArray[np.uint16],
    pages: NDArray[np.int32],
) -> int:
    """Write the line `data[start:stop]`; how many there are now.

    Its text, without white space around it, is `data[text_start:text_stop]`; both are `stop` in a blank line.
    `ending` is LINE_FEED, RETURN_AND_FEED, OTHER_BREAK or 0.
    """
    kind, last = ending, np.int64(0)
    if start < stop == text_start:
        kind |= ENDS_IN_SPACE
    if text_start == stop:
        kind |= BLANK
    else:
        first, _ = decode(data, text_start, stop)
        last, _ = code_before(data, text_start, text_stop)
        dots = text_stop - text_start >= 3 and data[text_stop - 2] == DOT and data[text_stop - 3] == DOT
        kind |= BULLET if entry_of(first, index, pages) & BULLET_ENTRY else 0
        kind |= ELLIPSIS if last == ELLIPSIS_MARK or (last == DOT and dots) else 0
        kind |= ENDS_SENTENCE if entry_of(last, index, pages) & TERMINAL else 0
    if text_stop < stop:
        kind |= ENDS_IN_SPACE
    lines.hashes[count] = hash_span(data, start, stop)
    lines.starts[count] = start - origin
    lines.stops[count] = stop - origin
    lines.text_starts[count] = text_start - origin
    lines.text_stops[count] = text_stop - origin
    lines.characters[count] = characters
    lines.tokens[count] = token
    lines.runs[count] = runs
    lines.longest_run[count] = longest_run
    lines.last[count] = last
    lines.kinds[count] = kind
    return count + 1


@device
def entry_of(code: np.int64, index: NDArray[np.uint16], pages: NDArray[np.int32]) -> np.int64:
    """The table entry of a code point."""
    return np.int64(pages[np.int64(index[code >> PAGE_BITS]) << PAGE_BITS | code & (PAGE_SIZE - 1)])
