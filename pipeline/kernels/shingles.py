"""Word n-grams as hashes, and the exact Jaccard similarity of two sets of them.

In a script without spaces a word is one character (see `words`), and five characters are hardly two words of Chinese
or Japanese: a document most of whose words are such characters is cut into longer shingles.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import device, kernel, reads, writes

from .buffers import TextArray, text_buffers
from .hashing import finish
from .unicode_tables import UNSPACED, unicode_tables
from .word_hashes import WordHashes
from .words import entry_at, next_word, read_word

DEFAULT_N = 5
"""Words in a shingle, as in the MinHash deduplication of GPT-3-like corpora and FineWeb (arXiv 2406.17557)."""

DEFAULT_CHARACTERS = 10
"""Words in a shingle where most of them are characters of scripts without spaces: five words of Chinese, Japanese or
Thai, as tokenizers cut them, have about two characters each."""

BASE = np.uint64(0xD1342543DE82EF95)  # odd, from Steele and Vigna's table of multipliers (arXiv 2001.05304)


@dataclass(frozen=True)
class Shingles:
    """The shingles of n documents, in order; those of document d are `offsets[d] : offsets[d + 1]` of `hashes`.

    Args:
        offsets: int64 (n + 1,).
        hashes: uint64 (shingles,). With w the hashes of the words of a shingle, its hash is
            `finish(sum of w[i] * BASE ** (n - 1 - i), n)`. MinHash takes the upper 32 bits.
    """

    offsets: NDArray[np.int64]
    hashes: NDArray[np.uint64]

    def set_of(self, document: int) -> NDArray[np.uint64]:
        """The different shingles of one document, sorted, as `exact_jaccard` takes them."""
        ordered = np.sort(self.hashes[self.offsets[document] : self.offsets[document + 1]])
        fresh = np.empty(len(ordered), np.bool_)
        fresh[:1] = True
        np.not_equal(ordered[1:], ordered[:-1], out=fresh[1:])
        # What `np.unique` does, without what it looks at before.
        return ordered[fresh]


def shingles(words: WordHashes, n: int = DEFAULT_N) -> Shingles:
    """Hash every n words in a row; a document of fewer words, but at least one, has one shingle: all of it.

    Raises:
        ValueError: n is less than 1.
    """
    check_sizes(n, n)
    counts = np.diff(words.offsets)
    offsets = np.concatenate([[0], np.cumsum(np.where(counts < n, counts > 0, counts - n + 1))]).astype(np.int64)
    hashes = np.empty(offsets[-1], np.uint64)
    hash_shingles(words.hashes, words.offsets, n, hashes)
    return Shingles(offsets, hashes)


def shingle_texts(texts: TextArray, n: int = DEFAULT_N, characters: int = DEFAULT_CHARACTERS) -> Shingles:
    """The shingles of texts: of `characters` words where more than half of a text's are of unspaced scripts, else of n.

    Raises:
        ValueError: n or characters is less than 1.
    """
    check_sizes(n, characters)
    buffers, tables = text_buffers(texts), unicode_tables()
    sizes = buffers.sizes
    offsets = np.zeros(len(texts) + 1, np.int64)
    hashes = np.empty(int(((sizes + 1) // 2).sum()), np.uint64)
    words = np.empty((int(sizes.max(initial=0)) + 1) // 2, np.uint64)
    index, pages = tables.index, tables.pages
    shingle_all(buffers.data, buffers.starts, buffers.stops, index, pages, n, characters, words, offsets, hashes)
    # In place: the untouched end goes back to the system without a copy.
    hashes.resize(int(offsets[-1]), refcheck=False)
    return Shingles(offsets, hashes)


def check_sizes(n: int, characters: int) -> None:
    """Refuse shingles without words.

    Raises:
        ValueError: n or characters is less than 1.
    """
    if min(n, characters) < 1:
        raise ValueError(f"a shingle has at least one word, not {min(n, characters)}")


def exact_jaccard(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> float:
    """Size of the intersection over size of the union of two sorted arrays without repetitions.

    Two empty sets have similarity 0: documents without words cannot be called alike.
    """
    common = count_common(left, right)
    return common / max(len(left) + len(right) - common, 1)


@device
def read_document(
    data: NDArray[np.uint8],
    start: int,
    stop: int,
    index: NDArray[np.uint16],
    pages: NDArray[np.int32],
    words: NDArray[np.uint64],
) -> tuple[int, int]:
    """Hash the words of a document into `words`; how many there are, and how many are of unspaced scripts."""
    count = unspaced = 0
    position = next_word(data, start, stop, index, pages)
    while position < stop:
        if data[position] >= 0x80:
            _, _, entry = entry_at(data, position, stop, index, pages)
            unspaced += entry & UNSPACED != 0
        position, words[count], _, _ = read_word(data, position, stop, index, pages)
        count += 1
        position = next_word(data, position, stop, index, pages)
    return count, unspaced


@device
def power_of_base(n: int) -> np.uint64:
    """BASE to the power of n: what the word that leaves a shingle of n words has been multiplied by."""
    power = np.uint64(1)
    for _ in range(n):
        power *= BASE
    return power


@device
def shingle_document(
    words: NDArray[np.uint64], first: int, count: int, n: int, hashes: NDArray[np.uint64], at: int
) -> int:
    """Write the shingles of the words `first : first + count` from `hashes[at]` on; returns how many there are."""
    n = min(n, count)
    power = power_of_base(n)
    rolling = np.uint64(0)
    for position in range(n):
        rolling = rolling * BASE + words[first + position]
    if n > 0:
        hashes[at] = finish(rolling, n)
    for position in range(n, count):
        # The leaving word does not wait for the entering one: one multiplication a step is all that is serial.
        rolling = rolling * BASE + (words[first + position] - words[first + position - n] * power)
        hashes[at + position - n + 1] = finish(rolling, n)
    return count - n + 1 if n > 0 else 0


@kernel(types.void(reads(types.uint64), reads(types.int64), types.int64, writes(types.uint64)))
def hash_shingles(words: NDArray[np.uint64], offsets: NDArray[np.int64], n: int, hashes: NDArray[np.uint64]) -> None:
    """Fill `hashes` with the shingles of all documents."""
    at = 0
    for document in range(len(offsets) - 1):
        first = offsets[document]
        at += shingle_document(words, first, offsets[document + 1] - first, n, hashes, at)


@kernel(
    types.void(
        reads(types.uint8),
        reads(types.int64),
        reads(types.int64),
        reads(types.uint16),
        reads(types.int32),
        types.int64,
        types.int64,
        writes(types.uint64),
        writes(types.int64),
        writes(types.uint64),
    )
)
def shingle_all(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    index: NDArray[np.uint16],
    pages: NDArray[np.int32],
    n: int,
    characters: int,
    words: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    hashes: NDArray[np.uint64],
) -> None:
    """Fill `offsets` and `hashes`; `words` is scratch with room for those of any one document."""
    at = 0
    for document in range(len(starts)):
        count, unspaced = read_document(data, starts[document], stops[document], index, pages, words)
        at += shingle_document(words, 0, count, characters if 2 * unspaced > count else n, hashes, at)
        offsets[document + 1] = at


@kernel(types.int64(reads(types.uint64), reads(types.uint64)))
def count_common(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> int:
    """How many values two sorted arrays without repetitions share."""
    i, j, common = 0, 0, 0
    while i < len(left) and j < len(right):
        a, b = left[i], right[j]
        # Without a branch on the data, which would be mispredicted every other time.
        common += a == b
        i += a <= b
        j += b <= a
    return common
