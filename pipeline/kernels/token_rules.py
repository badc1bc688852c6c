"""What a token is, and the functions that cut a text into tokens.

Rules of quality and repetition count tokens, as the rules that most of spaCy's languages share cut them (datatrove's
filters use those), without their lists of exceptions, and with the articles of French and Italian. Where a filter is
told that the texts are German, Spanish or Portuguese, it follows their rules in what matters most (`MANNERS`).

What stands between white space is cut:

- In scripts written without spaces every letter with its marks is a token, and parts what stands before and behind it.
- Symbols are peeled off the front and the end, each a token; a run of two or more dots is one token. Slashes, operators
  and the like cling (`unicode_tables.LEADING_ASCII`, `TRAILING_ASCII`). One dot is peeled off the end only behind a
  digit, two letters of which the last is small or both are capitals, or a symbol that is peeled: initials and `e.g.`
  keep theirs.
- What English verbs and genitives end in is peeled off: `'s 'm 'd 're 've 'll n't`.
- An address is one token: labels with dots between them, of which the last has two or more small letters, maybe behind
  `scheme://` or `user@`, maybe before `:port` or `/path`.
- In everything else a symbol is a token, and what stands before and behind it are, if it is a run of dots; a picture; a
  hyphen, a dash, `~` or a comma between letters; one of `:<>=/` between a letter or digit and a letter; one of `+-*^`
  between digits; a dot between small letters and a capital.
- An article that has lost its vowel (`l'`, `dell'`, `qu'`) ends at its apostrophe, which stands between a consonant of
  ASCII (or `qu`) and a letter that is none, or h.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import device, writes

from .tokens import TokenArrays, put_token
from .unicode_tables import CASE_SHIFT, DIGIT, LEADS, LETTER, MARK, PARTS, TRAILS

PLUS, COMMA, HYPHEN, DOT, SLASH, COLON, LESS, EQUALS, GREATER, CARET, STAR, TILDE = map(ord, "+,-./:<=>^*~")
APOSTROPHE, QUOTE, EN_DASH, EM_DASH, AT, QUESTION, NUMBER, UNDERSCORE, SMALL_Q, SMALL_U = map(ord, "'’–—@?#_qu")
SMALL_S, CAPITAL_S, SMALL_M, SMALL_D, SMALL_L, SMALL_R, SMALL_V, SMALL_E, SMALL_N, SMALL_T = map(ord, "sSmdlrvent")
CONSONANTS = np.uint64(sum(1 << (ord(letter) & 63) for letter in "bcdfgjklmnpqrstvwxzBCDFGJKLMNPQRSTVWXZ"))
"""Bit c & 63 of every consonant c of ASCII but h, which is as good as silent."""

COMPOUNDS, RANGES, ORDINALS, SLASHES = (1 << bit for bit in range(4))
"""What languages do otherwise: one hyphen or dash between letters leaves the word whole; one between digits does; a dot
behind a number stays with it; a slash parts numbers, too."""

MANNERS = {"de": COMPOUNDS | ORDINALS | SLASHES, "es": COMPOUNDS | RANGES, "pt": COMPOUNDS | RANGES}
"""The languages, by ISO 639-1 code, that have a manner of their own."""

MAX_PIECE = 1 << 16
"""Characters without white space that are looked at in one go: a longer piece is cut there."""


class Piece(NamedTuple):
    """The characters of what stands between white space, decoded; there is room for MAX_PIECE and one more.

    Args:
        codes: int32, code points.
        entries: int32, their table entries; 0 behind the last one.
        places: int64, the byte where each starts, and where the last one ends.
    """

    codes: NDArray[np.int32]
    entries: NDArray[np.int32]
    places: NDArray[np.int64]


PIECE = types.NamedTuple((writes(types.int32), writes(types.int32), writes(types.int64)), Piece)


def new_piece() -> Piece:
    """Room for a piece."""
    return Piece(
        np.empty(MAX_PIECE + 1, np.int32), np.empty(MAX_PIECE + 1, np.int32), np.empty(MAX_PIECE + 1, np.int64)
    )


@device
def put_piece(
    tokens: TokenArrays, count: int, data: NDArray[np.uint8], origin: int, piece: Piece, size: int, manner: int
) -> int:
    """Cut a piece of `size` characters, none of a script without spaces, into tokens; how many there are now."""
    lead = 0
    while lead < size and (piece.entries[lead] & LEADS or dots_at(piece, lead, size) > 1):
        lead += max(dots_at(piece, lead, size), 1)
    core, whole = end_of_core(piece, lead, size, manner)
    end_of_parts = core if whole else core - size_of_clitic(piece, lead, core)
    whole = whole or is_address(piece, lead, end_of_parts)
    position, behind_text = 0, False
    while position < size:
        if position < lead or position >= core:
            end = position + max(dots_at(piece, position, size), 1)
        elif position == end_of_parts:
            end = core
        elif whole:
            end = end_of_parts
        elif behind_text and not piece.entries[position] & (LETTER | DIGIT | MARK):
            # What ended the text before it is a symbol that parts.
            end, behind_text = position + run_at(piece, position, end_of_parts), False
        else:
            end, behind_text = end_of_text(piece, position, end_of_parts, manner), True
        seen = np.int64(0)
        for place in range(position, end):
            seen |= piece.entries[place]
        count = put_token(tokens, count, data, origin, piece.places[position], piece.places[end], end - position, seen)
        position = end
    return count


@device
def dots_at(piece: Piece, position: int, stop: int) -> int:
    """How many dots stand there in a row."""
    end = position
    while end < stop and piece.codes[end] == DOT:
        end += 1
    return end - position


@device
def run_at(piece: Piece, position: int, stop: int) -> int:
    """How many of the same dot, hyphen or dash stand there in a row; 1 for other characters."""
    end, code = position + 1, piece.codes[position]
    if code in (DOT, HYPHEN, EM_DASH):
        while end < stop and piece.codes[end] == code:
            end += 1
    return end - position


@device
def end_of_core(piece: Piece, start: int, stop: int, manner: int) -> tuple[int, bool]:
    """Where the symbols begin that are peeled off the end; whether there are only letters and digits before them."""
    core = position = start
    whole = True
    before = past = np.int64(0)
    peeled_behind = TRAILS | MARK if manner & ORDINALS else DIGIT | TRAILS | MARK
    while position < stop:
        dots, entry = dots_at(piece, position, stop), np.int64(piece.entries[position])
        end = position + max(dots, 1)
        if dots == 1:
            small = before & LETTER and before >> CASE_SHIFT == 0 and past & (LETTER | DIGIT | MARK)
            capitals = before & past & LETTER and before >> CASE_SHIFT and past >> CASE_SHIFT
            if not (small or capitals or before & peeled_behind):
                core = end
        elif dots == 0 and not entry & TRAILS:
            whole &= core == position and entry & (LETTER | DIGIT | MARK) != 0
            core = end
        past, before = before, entry | (TRAILS if dots else 0)
        position = end
    return core, whole


@device
def size_of_clitic(piece: Piece, start: int, stop: int) -> int:
    """The characters of `'s 'm 'd 're 've 'll n't` at the end of `piece[start:stop]`; 0 with nothing before them."""
    if stop - start < 3:
        return 0
    last, middle, first = piece.codes[stop - 1], piece.codes[stop - 2], piece.codes[stop - 3]
    if middle in (APOSTROPHE, QUOTE):
        if last in (SMALL_S, CAPITAL_S, SMALL_M, SMALL_D):
            return 2
        return 3 if first == SMALL_N and last == SMALL_T and stop - start > 3 else 0
    if first in (APOSTROPHE, QUOTE) and stop - start > 3:
        has_been = last == SMALL_E and middle in (SMALL_R, SMALL_V)
        return 3 if has_been or (last == SMALL_L and middle == SMALL_L) else 0
    return 0


@device
def is_address(piece: Piece, start: int, stop: int) -> bool:
    """Whether `piece[start:stop]` is a name of a host, maybe with a scheme, a user, a port or a path."""
    position = label = start
    dots, small = 0, True
    while position < stop:
        code, entry = piece.codes[position], piece.entries[position]
        behind = piece.codes[position + 1] if position + 1 < stop else 0
        scheme = code == COLON and behind == SLASH and position + 2 < stop and piece.codes[position + 2] == SLASH
        if code == AT or scheme:
            position += 2 if scheme else 0
            label, dots, small = position + 1, 0, True
        elif code in (SLASH, QUESTION, NUMBER) or (code == COLON and piece.entries[position + 1] & DIGIT):
            break
        elif code == DOT and position > label:
            label, dots, small = position + 1, dots + 1, True
        elif entry & LETTER and entry >> CASE_SHIFT == 0:
            pass
        elif entry & (LETTER | DIGIT) or code in (HYPHEN, UNDERSCORE):
            small = False
        else:
            return False
        position += 1
    return dots > 0 and small and position - label > 1


@device
def end_of_text(piece: Piece, start: int, stop: int, manner: int) -> int:
    """Where the next symbol that parts lies behind `start`, or the end of an article, or `stop`."""
    position = start + 1
    # The last character that is no mark, as marks belong to what they follow; and the one before that.
    before, past = np.int64(piece.entries[start]), np.int64(0)
    while position < stop:
        entry = np.int64(piece.entries[position])
        size = 1
        if not entry & (LETTER | DIGIT | MARK):
            size = run_at(piece, position, stop)
            behind = np.int64(piece.entries[position + size]) if position + size < stop else np.int64(0)
            if parts(np.int64(piece.codes[position]), size, entry, past, before, behind, manner):
                break
            if ends_article(piece, position, stop):
                position += 1
                break
        if not entry & MARK:
            past, before = before, entry
        position += size
    return position


@device
def ends_article(piece: Piece, position: int, stop: int) -> bool:
    """Whether an apostrophe stands there, between a consonant (or `qu`) and a vowel or h."""
    if piece.codes[position] not in (APOSTROPHE, QUOTE) or position + 1 >= stop:
        return False
    vowel = piece.entries[position + 1] & LETTER and not is_consonant(piece.codes[position + 1])
    queue = position > 1 and piece.codes[position - 2] | 0x20 == SMALL_Q and piece.codes[position - 1] | 0x20 == SMALL_U
    return bool(vowel and (queue or is_consonant(piece.codes[position - 1])))


@device
def is_consonant(code: np.int32) -> bool:
    """Whether it is a consonant of ASCII other than h."""
    return bool(64 <= code < 128 and CONSONANTS >> np.uint64(code & 63) & np.uint64(1))


@device
def parts(
    code: np.int64, size: int, entry: np.int64, past: np.int64, before: np.int64, behind: np.int64, manner: int
) -> bool:
    """Whether `size` times a symbol, between characters with the other entries, is a token of its own."""
    if entry & PARTS:
        return True
    if code == DOT:
        small = past & (LETTER | DIGIT) and before & LETTER and before >> CASE_SHIFT == 0
        return size > 1 or bool(small and behind & LETTER and behind >> CASE_SHIFT)
    if before & LETTER and behind & LETTER and code in (HYPHEN, EN_DASH, EM_DASH, TILDE, COMMA):
        return code == COMMA or size > 1 or not manner & COMPOUNDS
    if manner & SLASHES and code == SLASH:
        return bool(before & (LETTER | DIGIT) and behind & (LETTER | DIGIT))
    if before & (LETTER | DIGIT) and behind & LETTER:
        return code in (COLON, LESS, GREATER, EQUALS, SLASH)
    if before & DIGIT:
        operator = code in (PLUS, STAR, CARET) or (code == HYPHEN and not manner & RANGES)
        return size == 1 and operator and behind & DIGIT != 0
    return False
