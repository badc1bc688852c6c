"""The class and the lower case of every code point, as a two-stage table made from `unicodedata`.

A code point's entry is `pages[index[code >> PAGE_BITS] << PAGE_BITS | code & (PAGE_SIZE - 1)]`, an int32 of which

- one of the bits 0-5 is its class: LETTER, DIGIT, MARK, UNSPACED, SPACE or LINE_BREAK; none is a symbol's,
- bit 6, BULLET, says that it opens an item of a list when it opens a line,
- bit 7, TERMINAL, says that it ends a sentence,
- bits 8-10 say how a symbol parts from what it touches (see `token_rules.py`): LEADS at the front, TRAILS at the end,
  PARTS anywhere,
- bits 15-31, signed, are what to add to it to lower its case (simple mapping: one code point to one).

Page 0 is ASCII, so the entry of an ASCII byte is `pages[byte]`. Pages that are alike are stored once.
"""

import unicodedata
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels.tables import kept_tables

from .unicode_ranges import SENTENCE_TERMINAL_RANGES, UNSPACED_RANGES

UNICODE_VERSION = unicodedata.unidata_version
"""What words are depends on it, through characters that older versions did not know; it belongs into fingerprints."""

LETTER, DIGIT, MARK, UNSPACED, SPACE, LINE_BREAK, BULLET, TERMINAL, LEADS, TRAILS, PARTS = (
    1 << bit for bit in range(11)
)
CASE_SHIFT = 15

PAGE_BITS = 7
PAGE_SIZE = 1 << PAGE_BITS
CODE_POINTS = 0x110000

LINE_BREAKS = "\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"
"""Where `str.splitlines` splits."""

BULLETS = "•‣⁃◦∙●○■□▪▫▶-*"
"""Marks of list items; dashes are none, since many languages open a line of dialogue with one."""

LEADING_ASCII = "!\"#$%&'()*,:;<=>?[]_`{}"
TRAILING_ASCII = "!\"#$%&'()*,:;<>?[]_`{}"
"""The others cling to what they touch: paths, operators, addresses, numbers with a sign."""

PARTING_CATEGORIES = (b"Ps", b"Pe", b"Pi", b"Pf", b"Po", b"Pd", b"Sc", b"So")
"""Categories of the symbols beyond ASCII that part from what they touch: punctuation, currencies, pictures."""

CLINGING = "¶†‡•‣"
"""Those of them that do not: marks of references and of list items."""

_ASSIGNED_RANGES = ((0, 0x40000), (0xE0000, 0xE1000))
"""Every letter, mark, digit and space of Unicode lies here; what lies outside is a symbol."""


@dataclass(frozen=True)
class UnicodeTables:
    """The two stages: `index`, uint16 (CODE_POINTS >> PAGE_BITS,), into `pages`, int32 (pages * PAGE_SIZE,)."""

    index: NDArray[np.uint16]
    pages: NDArray[np.int32]


@cache
def unicode_tables() -> UnicodeTables:
    """The tables of the running Python's Unicode version, once per process."""
    return kept_tables(UnicodeTables, _make_tables, unicodedata.unidata_version)


def _make_tables() -> UnicodeTables:
    index = np.zeros(CODE_POINTS >> PAGE_BITS, np.uint16)
    numbers: dict[bytes, int] = {}
    for first, last in _ASSIGNED_RANGES:
        for offset, page in enumerate(_entries(first, last).reshape(-1, PAGE_SIZE)):
            index[(first >> PAGE_BITS) + offset] = numbers.setdefault(page.tobytes(), len(numbers))
    nothing = numbers.setdefault(bytes(4 * PAGE_SIZE), len(numbers))
    for (_, last), (first, _) in zip(_ASSIGNED_RANGES, (*_ASSIGNED_RANGES[1:], (CODE_POINTS, 0)), strict=True):
        index[last >> PAGE_BITS : first >> PAGE_BITS] = nothing
    pages = np.frombuffer(b"".join(numbers), np.int32)
    index.flags.writeable = False
    return UnicodeTables(index, pages)


def lower(text: str) -> str:
    """Lower the case of each character by itself, as the kernels do: the length never changes."""
    return "".join(character.lower()[0] for character in text)


def _entries(first: int, last: int) -> NDArray[np.int32]:
    """The entries of the code points `range(first, last)`."""
    entries = _classes(first, last).astype(np.int32)
    for start, stop in SENTENCE_TERMINAL_RANGES:
        entries[max(start - first, 0) : max(stop + 1 - first, 0)] |= TERMINAL
    beyond_ascii = np.arange(first, last) >= 0x80
    entries[np.isin(_categories(first, last), PARTING_CATEGORIES) & beyond_ascii] |= LEADS | TRAILS
    entries[_categories(first, last) == b"So"] |= PARTS
    clinging = [ord(character) - first for character in CLINGING if first <= ord(character) < last]
    entries[clinging] &= ~(LEADS | TRAILS)
    for characters, bit in ((BULLETS, BULLET), (LEADING_ASCII, LEADS), (TRAILING_ASCII, TRAILS)):
        for character in characters:
            if first <= ord(character) < last:
                entries[ord(character) - first] |= bit
    # Some letter-like numbers and symbols have case, too: Roman numerals, encircled letters.
    cased = np.isin(_categories(first, last), [b"Lu", b"Lt", b"Nl", b"So"])
    for code in (first + np.flatnonzero(cased)).tolist():
        entries[code - first] |= (ord(lower(chr(code))) - code) << CASE_SHIFT
    return entries


def _classes(first: int, last: int) -> NDArray[np.uint8]:
    classes = np.zeros(last - first, np.uint8)
    majors = _categories(first, last).astype("S1")
    for major, kind in ((b"L", LETTER), (b"M", MARK), (b"N", DIGIT)):
        classes[majors == major] = kind
    for start, stop in UNSPACED_RANGES:
        within = classes[max(start - first, 0) : max(stop + 1 - first, 0)]
        within[within == LETTER] = UNSPACED
    spaces = [code for code in range(first, min(last, 0x4000)) if chr(code).isspace()]
    classes[np.array(spaces, np.int64) - first] = SPACE
    breaks = [ord(character) for character in LINE_BREAKS if first <= ord(character) < last]
    classes[np.array(breaks, np.int64) - first] = LINE_BREAK
    return classes


@cache
def _categories(first: int, last: int) -> NDArray[np.bytes_]:
    """The general category of each code point of `range(first, last)`: two letters."""
    names = "".join(map(unicodedata.category, map(chr, range(first, last))))
    return np.frombuffer(names.encode(), "S2")
