"""Sentences as spaCy's sentencizer counts them.

One begins behind a mark that ends another, with the next token that is no punctuation. A mark counts where it is a
token of its own (`tokens.py`): the dot in `e.g.x`, `3.5` or `J.` is none.
"""

import numpy as np
from numpy.typing import NDArray

from .compile import device
from .token_rules import Piece, put_piece
from .tokens import SYMBOL, TokenArrays
from .unicode_tables import LINE_BREAK, SPACE, TERMINAL, UNSPACED
from .words import entry_at

PLAIN_SYMBOLS = tuple(b"$+<=>^`|~")
"""Symbols of ASCII that are no punctuation."""


@device
def sentences_in_tokens(
    data: NDArray[np.uint8],
    origin: int,
    tokens: TokenArrays,
    first: int,
    stop: int,
    open_end: bool,
    index: NDArray[np.uint16],
    pages: NDArray[np.int32],
) -> tuple[int, bool]:
    """How many sentences begin behind the end of another one in `tokens[first:stop]`, and whether the last one ended.

    `open_end` says whether one had ended before; tokens lie from `origin` on.
    """
    begun = 0
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
    return begun, open_end


@device
def sentences_in_text(
    data: NDArray[np.uint8],
    start: int,
    stop: int,
    piece: Piece,
    tokens: TokenArrays,
    index: NDArray[np.uint16],
    pages: NDArray[np.int32],
) -> int:
    """How many sentences begin behind another one in `data[start:stop]`, which was not cut into tokens before.

    `piece` and `tokens` are scratch space for what stands between white space.
    """
    begun, open_end, position = 0, False, start
    while position < stop:
        size, end = 0, position
        while end < stop and size < len(tokens.kinds):
            code, length, entry = entry_at(data, end, stop, index, pages)
            if entry & (SPACE | LINE_BREAK | UNSPACED):
                break
            piece.codes[size], piece.entries[size], piece.places[size] = code, entry, end
            end, size = end + length, size + 1
        if size:
            piece.entries[size], piece.places[size] = 0, end
            count = put_piece(tokens, 0, data, start, piece, size)
            more, open_end = sentences_in_tokens(data, start, tokens, 0, count, open_end, index, pages)
            begun, position = begun + more, end
            continue
        _, length, entry = entry_at(data, position, stop, index, pages)
        if entry & UNSPACED:
            begun += open_end
            open_end = False
        position += length
    return begun


@device
def _is_punctuation(data: NDArray[np.uint8], start: int, stop: int) -> bool:
    """Whether a token without letters and digits holds none of the symbols of ASCII that are no punctuation."""
    for position in range(start, stop):
        for symbol in PLAIN_SYMBOLS:
            if data[position] == symbol:
                return False
    return True
