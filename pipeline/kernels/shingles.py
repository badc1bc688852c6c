"""Word n-grams as hashes, and the exact Jaccard similarity of two sets of them."""

from dataclasses import dataclass

import numpy as np
from numba import types
from numpy.typing import NDArray

from .compile import device, kernel, reads, writes
from .hashing import finish
from .word_hashes import WordHashes

DEFAULT_N = 5
"""Words in a shingle, as in the MinHash deduplication of GPT-3-like corpora and FineWeb (arXiv 2406.17557)."""

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
        return np.unique(self.hashes[self.offsets[document] : self.offsets[document + 1]])


def shingles(words: WordHashes, n: int = DEFAULT_N) -> Shingles:
    """Hash every n words in a row; a document of fewer words, but at least one, has one shingle: all of it.

    Raises:
        ValueError: n is less than 1.
    """
    if n < 1:
        raise ValueError(f"a shingle has at least one word, not {n}")
    counts = np.diff(words.offsets)
    offsets = np.concatenate([[0], np.cumsum(np.where(counts < n, counts > 0, counts - n + 1))]).astype(np.int64)
    hashes = np.empty(offsets[-1], np.uint64)
    hash_shingles(words.hashes, words.offsets, n, hashes)
    return Shingles(offsets, hashes)


def exact_jaccard(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> float:
    """Size of the intersection over size of the union of two sorted arrays without repetitions.

    Two empty sets have similarity 0: documents without words cannot be called alike.
    """
    common = count_common(left, right)
    return common / max(len(left) + len(right) - common, 1)


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
