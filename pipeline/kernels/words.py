"""What a word is, and the one function that reads one.

A word is a run of letters and digits of any script with the combining marks that follow them; everything else
separates words: spaces, punctuation, symbols, apostrophes and hyphens. In scripts written without spaces (ideographs,
kana, Thai, Lao, Khmer, Myanmar) every letter with its marks is a word. A mark that follows no letter or digit is a
symbol, so every word has at least one letter or digit.
"""

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels.compile import device

from .hashing import SEED, absorb, finish
from .unicode_tables import CASE_SHIFT, DIGIT, LETTER, MARK, PAGE_BITS, PAGE_SIZE, UNSPACED
from .utf8 import decode, encode

OPENS = LETTER | DIGIT | UNSPACED
"""Classes of which a word's first character is."""

CONTINUES = LETTER | DIGIT | MARK
"""Classes of which the others are, unless the first is of an unspaced script: then only marks."""


@device
def entry_at(
    data: NDArray[np.uint8], position: int, stop: int, index: NDArray[np.uint16], pages: NDArray[np.int32]
) -> tuple[np.int64, int, np.int64]:
    """The code point at `position`, its length in bytes and its table entry."""
    byte = np.int64(data[position])
    if byte < 0x80:
        return byte, 1, np.int64(pages[byte])
    code, length = decode(data, position, stop)
    page = np.int64(index[code >> PAGE_BITS])
    return code, length, np.int64(pages[page << PAGE_BITS | code & (PAGE_SIZE - 1)])


@device
def next_word(
    data: NDArray[np.uint8], position: int, stop: int, index: NDArray[np.uint16], pages: NDArray[np.int32]
) -> int:
    """Where the first word at or behind `position` opens; `stop` when there is none."""
    while position < stop:
        _, length, entry = entry_at(data, position, stop, index, pages)
        if entry & OPENS:
            return position
        position += length
    return stop


@device
def read_word(
    data: NDArray[np.uint8], start: int, stop: int, index: NDArray[np.uint16], pages: NDArray[np.int32]
) -> tuple[int, np.uint64, int, bool]:
    """Read the word that opens at `start`, in a document that ends at `stop`.

    Returns:
        Where it ends; the hash of its lower-cased UTF-8 (see `hashing`); how many code points it has; whether
        one of them is a letter.
    """
    position, seen = start, np.int64(0)
    state, block = SEED, np.uint64(0)
    # Most words are ASCII to their end: bytes, characters and hashed bytes are then the same.
    while position < stop:
        byte = np.int64(data[position])
        if byte >= 0x80:
            return _read_further(data, start, position, stop, index, pages, state, block, seen)
        entry = np.int64(pages[byte])
        if not entry & CONTINUES:
            break
        seen |= entry
        position += 1
        block = block << np.uint64(8) | np.uint64(byte + (entry >> CASE_SHIFT))
        if (position - start) & 7 == 0:
            state, block = absorb(state, block), np.uint64(0)
    size = position - start
    return position, finish(absorb(state, block), size), size, seen & LETTER != 0


@device
def _read_further(
    data: NDArray[np.uint8],
    start: int,
    position: int,
    stop: int,
    index: NDArray[np.uint16],
    pages: NDArray[np.int32],
    state: np.uint64,
    block: np.uint64,
    seen: np.int64,
) -> tuple[int, np.uint64, int, bool]:
    """Read the rest of a word from its first byte on that is not ASCII; `seen` are the classes before it."""
    size = characters = position - start
    code, length, entry = entry_at(data, position, stop, index, pages)
    if size == 0:
        continues = MARK if entry & UNSPACED else CONTINUES
        take = True
    else:
        continues = CONTINUES
        take = entry & CONTINUES != 0
    while take:
        seen |= entry
        characters += 1
        position += length
        encoded, width = encode(code + (entry >> CASE_SHIFT))
        for shift in range((width - 1) * 8, -8, -8):
            block = block << np.uint64(8) | np.uint64(encoded >> shift & 0xFF)
            size += 1
            if size & 7 == 0:
                state, block = absorb(state, block), np.uint64(0)
        take = False
        if position < stop:
            code, length, entry = entry_at(data, position, stop, index, pages)
            take = entry & continues != 0
    return position, finish(absorb(state, block), size), characters, seen & (LETTER | UNSPACED) != 0
