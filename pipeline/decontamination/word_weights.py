"""How much each word says: its letters and digits, and whether it is a character of a script without spaces."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..kernels.buffers import TextArray, text_buffers
from ..kernels.unicode_tables import PAGE_BITS, PAGE_SIZE, UNSPACED, unicode_tables
from ..kernels.word_hashes import WordHashes


@dataclass(frozen=True)
class WordWeights:
    """Of the words of n documents.

    Args:
        characters: int64 (words + 1,): letters, digits and marks of all words before this one, a character of a script
            without spaces counting for two.
        unspaced: int64 (words + 1,): how many words before this one are such characters.
    """

    characters: NDArray[np.int64]
    unspaced: NDArray[np.int64]


def weigh_words(texts: TextArray, words: WordHashes) -> WordWeights:
    """Weigh the words of texts."""
    buffers = text_buffers(texts)
    # Where each code point begins, and how many begin before each byte.
    opens = (buffers.data & 0xC0) != 0x80
    before = np.zeros(len(opens) + 1, np.int32)
    np.cumsum(opens, out=before[1:])
    begins = np.repeat(buffers.starts, np.diff(words.offsets))
    first = begins + words.starts
    codes = np.frombuffer(buffers.data.tobytes().decode().encode("utf-32-le"), np.uint32)[before[first]]
    tables = unicode_tables()
    pages = tables.index[codes >> PAGE_BITS].astype(np.int64) << PAGE_BITS
    unspaced = (tables.pages[pages | codes & (PAGE_SIZE - 1)] & UNSPACED) != 0
    characters = before[begins + words.stops] - before[first] + unspaced
    return WordWeights(_totals(characters), _totals(unspaced))


def _totals(values: NDArray[np.int32] | NDArray[np.bool_]) -> NDArray[np.int64]:
    totals = np.zeros(len(values) + 1, np.int64)
    np.cumsum(values, out=totals[1:])
    return totals
