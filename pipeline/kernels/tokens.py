"""What a token is, and the functions that cut a text into tokens.

Rules of quality and repetition count tokens, as the tokenizers of spaCy's rules cut them (which datatrove's filters
use), without the lists of exceptions by language. What stands between white space is cut:

- In scripts written without spaces every letter with its marks is a token, and parts what stands before and behind it.
- Symbols are peeled off the front and the end, each a token; a run of two or more dots is one token. One dot is peeled
  off the end only behind a lower-case letter, a digit, a symbol that is peeled, or two capitals: initials keep
  theirs. Slashes, operators and the like cling (`unicode_tables.LEADING_ASCII`, `TRAILING_ASCII`).
- `'s` is peeled off the end.
- Inside, a symbol is a token, and what stands before and behind it are, if it is a run of dots; a picture; a hyphen, a
  dash, `~` or a comma between letters; one of `:<>=/` between a letter or digit and a letter; one of `+-*^` between
  digits; a dot between a lower-case letter and a capital.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from .compile import device, writes
from .hashing import hash_span
from .unicode_tables import CASE_SHIFT, DIGIT, LEADS, LETTER, MARK, PARTS, TRAILS, UNSPACED
from .words import entry_at

SYMBOL, ALPHABETIC, CHARACTER = (1 << bit for bit in range(3))
"""Kinds of tokens: without letter and digit; with a letter; a letter of a script without spaces."""

APOSTROPHE, PLUS, COMMA, HYPHEN, DOT, SLASH, COLON, LESS, EQUALS, GREATER, CARET, STAR, TILDE = map(
    ord, "'+,-./:<=>^*~"
)
SMALL_S, CAPITAL_S, EN_DASH, EM_DASH = map(ord, "sS–—")
RIGHT_QUOTE = (0xE2, 0x80, 0x99)


class TokenArrays(NamedTuple):
    """Where the walk writes tokens; see `segments.Tokens`."""

    hashes: NDArray[np.uint64]
    starts: NDArray[np.uint32]
    stops: NDArray[np.uint32]
    characters: NDArray[np.uint32]
    kinds: NDArray[np.uint8]


TOKEN_ARRAYS: Any = types.NamedTuple(  # type: ignore[no-untyped-call]
    (writes(types.uint64), writes(types.uint32), writes(types.uint32), writes(types.uint32), writes(types.uint8)),
    TokenArrays,
)


@device
def put_token(
    tokens: TokenArrays,
    count: int,
    data: NDArray[np.uint8],
    origin: int,
    start: int,
    stop: int,
    characters: int,
    seen: np.int64,
) -> int:
    """Write the token `data[start:stop]`, of characters of the classes `seen`; how many there are now."""
    tokens.hashes[count] = hash_span(data, start, stop)
    tokens.starts[count] = start - origin
    tokens.stops[count] = stop - origin
    tokens.characters[count] = characters
    tokens.kinds[count] = kind_of(seen)
    return count + 1


@device
def kind_of(seen: np.int64) -> int:
    """The kind of a token that holds characters of these classes."""
    kind = ALPHABETIC if seen & (LETTER | UNSPACED) else 0
    if seen & UNSPACED:
        kind |= CHARACTER
    return kind if seen & (LETTER | DIGIT | UNSPACED) else kind | SYMBOL


@device
def put_piece(
    tokens: TokenArrays,
    count: int,
    data: NDArray[np.uint8],
    origin: int,
    start: int,
    stop: int,
    index: NDArray[np.uint16],
    pages: NDArray[np.int32],
) -> int:
    """Cut `data[start:stop]`, which holds neither white space nor letters of scripts without spaces, into tokens."""
    position = start
    while position < stop:
        code, length, entry = entry_at(data, position, stop, index, pages)
        end = position + length
        if code == DOT:
            end = end_of_run(data, position, stop, DOT)
            if end == position + 1:
                break
            length = end - position
        elif not entry & LEADS:
            break
        else:
            length = 1
        count = put_token(tokens, count, data, origin, position, end, length, np.int64(0))
        position = end
    core = end_of_core(data, position, stop, index, pages)
    size = size_of_possessive(data, position, core)
    count = put_core(tokens, count, data, origin, position, core - size, index, pages)
    if size:
        count = put_token(tokens, count, data, origin, core - size, core, 2, np.int64(LETTER))
    position = core
    while position < stop:
        _, length, _ = entry_at(data, position, stop, index, pages)
        end, size = position + length, 1
        if data[position] == DOT:
            end = end_of_run(data, position, stop, DOT)
            size = end - position
        count = put_token(tokens, count, data, origin, position, end, size, np.int64(0))
        position = end
    return count


@device
def end_of_run(data: NDArray[np.uint8], position: int, stop: int, byte: int) -> int:
    """Where a run of one byte ends."""
    while position < stop and data[position] == byte:
        position += 1
    return position


@device
def end_of_core(
    data: NDArray[np.uint8], start: int, stop: int, index: NDArray[np.uint16], pages: NDArray[np.int32]
) -> int:
    """Where the symbols begin that are peeled off the end of a piece."""
    core = position = start
    before = entry = np.int64(0)
    while position < stop:
        past, before = before, entry
        code, length, entry = entry_at(data, position, stop, index, pages)
        if code == DOT:
            end = end_of_run(data, position, stop, DOT)
            small = before & LETTER and before >> CASE_SHIFT == 0
            capitals = before & past & LETTER and before >> CASE_SHIFT and past >> CASE_SHIFT
            if end == position + 1 and not (small or capitals or before & (DIGIT | TRAILS | MARK)):
                core = end
            position, entry = end, np.int64(TRAILS)
            continue
        position += length
        if not entry & TRAILS:
            core = position
    return core


@device
def size_of_possessive(data: NDArray[np.uint8], start: int, stop: int) -> int:
    """The bytes of an apostrophe and an s at the end of `data[start:stop]`; 0 if there is nothing before them."""
    if stop - start < 3 or (data[stop - 1] != SMALL_S and data[stop - 1] != CAPITAL_S):
        return 0
    if data[stop - 2] == APOSTROPHE:
        return 2
    quote = stop - start > 4 and data[stop - 4] == RIGHT_QUOTE[0] and data[stop - 3] == RIGHT_QUOTE[1]
    return 4 if quote and data[stop - 2] == RIGHT_QUOTE[2] else 0


@device
def put_core(
    tokens: TokenArrays,
    count: int,
    data: NDArray[np.uint8],
    origin: int,
    start: int,
    stop: int,
    index: NDArray[np.uint16],
    pages: NDArray[np.int32],
) -> int:
    """Cut what is left of a piece at the symbols that part it."""
    opened = position = start
    characters, seen = 0, np.int64(0)
    before = np.int64(0)  # the entry of the last letter, digit or symbol; marks belong to what they follow
    while position < stop:
        code, length, entry = entry_at(data, position, stop, index, pages)
        end = position + length
        if entry & (LETTER | DIGIT | MARK) or position == opened:
            before = before if entry & MARK else entry
            characters, seen, position = characters + 1, seen | entry, end
            continue
        size = 1
        if code in (DOT, HYPHEN, EM_DASH):
            end = end_of_same(data, position, stop, length)
            size = (end - position) // length
        behind = np.int64(0)
        if end < stop:
            _, _, behind = entry_at(data, end, stop, index, pages)
        if parts(code, size, entry, before, behind):
            count = put_token(tokens, count, data, origin, opened, position, characters, seen)
            count = put_token(tokens, count, data, origin, position, end, size, np.int64(0))
            opened, characters, seen = end, 0, np.int64(0)
        else:
            characters, seen = characters + size, seen | entry
        before, position = entry, end
    if opened < stop:
        count = put_token(tokens, count, data, origin, opened, stop, characters, seen)
    return count


@device
def end_of_same(data: NDArray[np.uint8], position: int, stop: int, length: int) -> int:
    """Where a run of the character at `position`, of `length` bytes, ends."""
    end = position + length
    while end < stop and data[end] == data[end - length]:
        end += 1
    return end - (end - position) % length


@device
def parts(code: np.int64, size: int, entry: np.int64, before: np.int64, behind: np.int64) -> bool:
    """Whether `size` times a symbol, between characters with the other two entries, is a token of its own."""
    if entry & PARTS:
        return True
    if code == DOT:
        small, capital = before & LETTER and before >> CASE_SHIFT == 0, behind & LETTER and behind >> CASE_SHIFT
        return size > 1 or bool(small and capital)
    if before & LETTER and behind & LETTER and code in (HYPHEN, EN_DASH, EM_DASH, TILDE, COMMA):
        return True
    if before & (LETTER | DIGIT) and behind & LETTER:
        return code in (COLON, LESS, GREATER, EQUALS, SLASH)
    if before & DIGIT:
        operator = code in (PLUS, HYPHEN, STAR, CARET)
        return size == 1 and operator and behind & DIGIT != 0
    return False
