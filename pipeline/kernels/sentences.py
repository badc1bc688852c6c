"""Sentences as spaCy's sentencizer counts them.

One begins behind a mark that ends another, with the next token that is no punctuation. A mark counts where it is a
token of its own (`tokens.py`): the dot in `e.g.x`, `3.5` or `J.` is none.
"""

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import device, kernel, reads, writes

from .buffers import TextArray, text_buffers
from .segments import segment
from .tokens import SYMBOL, TOKEN_ARRAYS, TokenArrays
from .unicode_tables import TERMINAL, unicode_tables
from .words import entry_at

PLAIN_SYMBOLS = tuple(b"$+<=>^`|~")
"""Symbols of ASCII that are no punctuation."""


def sentences(texts: TextArray) -> NDArray[np.int64]:
    """Sentences of each document of a large_string array, int64 (documents,)."""
    buffers, tables, tokens = text_buffers(texts), unicode_tables(), segment(texts).tokens
    counts = np.zeros(len(texts), np.int64)
    arrays = TokenArrays(tokens.hashes, tokens.starts, tokens.stops, tokens.characters, tokens.kinds)
    count_sentences(buffers.data, buffers.starts, tokens.offsets, arrays, tables.index, tables.pages, counts)
    return counts


@device
def sentences_in_tokens(
    data: NDArray[np.uint8],
    origin: int,
    tokens: TokenArrays,
    first: int,
    stop: int,
    index: NDArray[np.uint16],
    pages: NDArray[np.int32],
) -> int:
    """How many sentences `tokens[first:stop]` are, of a document that begins at `origin`."""
    begun, open_end = int(first < stop), False
    for token in range(first, stop):
        if not tokens.kinds[token] & SYMBOL:
            begun += open_end
            open_end = False
            continue
        position, end = origin + int(tokens.starts[token]), origin + int(tokens.stops[token])
        _, length, entry = entry_at(data, position, end, index, pages)
        if entry & TERMINAL and position + length == end:
            open_end = True
        elif open_end and not _is_punctuation(data, position, end):
            begun += 1
            open_end = False
    return begun


@kernel(
    types.void(
        reads(types.uint8), reads(types.int64), reads(types.int64), TOKEN_ARRAYS, reads(types.uint16),
        reads(types.int32), writes(types.int64),
    )
)  # fmt: skip
def count_sentences(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    tokens_of: NDArray[np.int64],
    tokens: TokenArrays,
    index: NDArray[np.uint16],
    pages: NDArray[np.int32],
    counts: NDArray[np.int64],
) -> None:
    """Fill `counts` with the sentences of each document."""
    for document in range(len(starts)):
        first, stop = tokens_of[document], tokens_of[document + 1]
        counts[document] = sentences_in_tokens(data, starts[document], tokens, first, stop, index, pages)


@device
def _is_punctuation(data: NDArray[np.uint8], start: int, stop: int) -> bool:
    """Whether a token without letters and digits holds none of the symbols of ASCII that are no punctuation."""
    for position in range(start, stop):
        for symbol in PLAIN_SYMBOLS:
            if data[position] == symbol:
                return False
    return True
