r"""Lines that end at `\n` alone, made of those that end at any break.

Papers and peers split texts at `\n` in some rules, and like `str.splitlines` in others. Nearly always it is the same.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import kernel, reads, writes

from .buffers import TextBuffers
from .hashing import hash_span
from .lines import (
    BLANK,
    BULLET,
    ELLIPSIS,
    ENDS_IN_SPACE,
    ENDS_SENTENCE,
    LINE_ARRAYS,
    LINE_FEED,
    OTHER_BREAK,
    RETURN_AND_FEED,
    LineArrays,
    Lines,
)


def feed_lines(buffers: TextBuffers, lines: Lines) -> Lines:
    r"""The lines of documents as `text.split("\n")` cuts them, but for an empty one behind a last `\n`.

    A `\r` before it belongs to the line then, and so does every other break.

    Args:
        buffers: The documents.
        lines: Their lines as `segment` gives them.
    """
    if not np.any(lines.kinds & (RETURN_AND_FEED | OTHER_BREAK)):
        return lines
    offsets = np.zeros_like(lines.offsets)
    joined = LineArrays._make(array.copy() for array in lines.arrays)
    join_lines(buffers.data, buffers.starts, buffers.stops, lines.offsets, offsets, joined)
    left: list[Any] = [array[: offsets[-1]] for array in joined]
    return Lines(offsets, *left)


@kernel(
    types.void(
        reads(types.uint8),
        reads(types.int64),
        reads(types.int64),
        reads(types.int64),
        writes(types.int64),
        LINE_ARRAYS,
    )
)
def join_lines(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    lines_of: NDArray[np.int64],
    offsets: NDArray[np.int64],
    lines: LineArrays,
) -> None:
    """Join lines in place, and fill the `offsets` of what they become."""
    count = 0
    for document in range(len(starts)):
        origin, line, behind = starts[document], lines_of[document], lines_of[document + 1]
        while line < behind:
            first, kind, ending = line, BLANK, 0
            characters = runs = longest_run = text_start = text_stop = last = end = 0
            while line < behind and not ending & LINE_FEED:
                piece = int(lines.kinds[line])
                if not piece & BLANK:
                    if kind & BLANK:
                        kind, text_start = piece & BULLET, int(lines.text_starts[line])
                    kind = kind & BULLET | piece & (ELLIPSIS | ENDS_SENTENCE)
                    text_stop, last = int(lines.text_stops[line]), int(lines.last[line])
                characters += int(lines.characters[line]) + (piece & (RETURN_AND_FEED | OTHER_BREAK) != 0)
                runs += int(lines.runs[line])
                longest_run = max(longest_run, int(lines.longest_run[line]))
                end = int(lines.stops[line]) + (piece & RETURN_AND_FEED != 0)
                ending = LINE_FEED if piece & (LINE_FEED | RETURN_AND_FEED) else piece & OTHER_BREAK
                line += 1
            if ending & OTHER_BREAK:
                end = stops[document] - origin
            if kind & BLANK:
                text_start = text_stop = end
            start = int(lines.starts[first])
            blank_end = start < end if kind & BLANK else text_stop < end
            lines.hashes[count] = hash_span(data, origin + start, origin + end)
            lines.starts[count], lines.stops[count] = start, end
            lines.text_starts[count], lines.text_stops[count] = text_start, text_stop
            lines.characters[count], lines.tokens[count] = characters, lines.tokens[first]
            lines.runs[count], lines.longest_run[count], lines.last[count] = runs, longest_run, last
            lines.kinds[count] = kind | ending & LINE_FEED | (ENDS_IN_SPACE if blank_end else 0)
            count += 1
        offsets[document + 1] = count
