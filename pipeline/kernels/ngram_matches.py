"""Where documents hold an n-gram of words that a benchmark holds, too.

The kernel compares 64-bit hashes; `confirmed` then compares the words themselves, so that no document is ever called
contaminated by a collision.
"""

from collections.abc import Callable, Container
from dataclasses import dataclass

import numpy as np
from numba import types
from numpy.typing import NDArray

from .buffers import TextArray, text_buffers
from .compile import kernel, reads, writes
from .hashing import finish
from .shingles import BASE, power_of_base
from .word_hashes import WordHashes, normalized_words


@dataclass(frozen=True)
class NgramIndex:
    """The n-grams of a benchmark, ready to be looked up.

    Args:
        n: Words in each.
        hashes: uint64 (n-grams,), strictly ascending: their hashes as `shingles` gives them.
        buckets: int64 (2^k + 1,): the hashes whose upper k bits are i are `buckets[i] : buckets[i + 1]`.
    """

    n: int
    hashes: NDArray[np.uint64]
    buckets: NDArray[np.int64]

    @classmethod
    def of(cls, hashes: NDArray[np.uint64], n: int) -> "NgramIndex":
        """Index sorted hashes without repetitions.

        Raises:
            ValueError: They are not strictly ascending, or n is less than 1.
        """
        if n < 1 or np.any(hashes[1:] <= hashes[:-1]):
            raise ValueError(f"the hashes of n-grams (n = {n}) must be sorted, without repetitions, and n at least 1")
        # About as many buckets as n-grams: a lookup is then one step, whatever their number.
        bits = max(len(hashes).bit_length(), 1)
        bounds = np.arange(1 << bits, dtype=np.uint64) << np.uint64(64 - bits)
        return cls(n, hashes, np.append(np.searchsorted(hashes, bounds), len(hashes)).astype(np.int64))


@dataclass(frozen=True)
class NgramMatches:
    """Matches in order of document and word; all arrays int64 (matches,).

    Args:
        documents: Which document.
        words: Which of its words opens the n-gram; the document's first word is 0.
        entries: Which of the index's hashes it has.
    """

    documents: NDArray[np.int64]
    words: NDArray[np.int64]
    entries: NDArray[np.int64]


def ngram_matches(words: WordHashes, index: NgramIndex) -> NgramMatches:
    """Find every n-gram of the documents whose hash is in the index."""
    room = 1024
    while True:
        documents, positions, entries = (np.empty(room, np.int64) for _ in range(3))
        count = match_ngrams(
            words.hashes, words.offsets, index.n, index.hashes, index.buckets, documents, positions, entries
        )
        if count <= room:
            return NgramMatches(documents[:count], positions[:count], entries[:count])
        room = count


def confirmed(
    matches: NgramMatches,
    texts: TextArray,
    words: WordHashes,
    n: int,
    expected: Callable[[int], Container[tuple[str, ...]]],
) -> NDArray[np.bool_]:
    """Which matches are real, bool (matches,): the document's words are, in lower case, the benchmark's.

    Args:
        matches: What `ngram_matches` found.
        texts: The documents.
        words: Their words.
        n: Words in an n-gram.
        expected: For an entry of the index, the n-grams that have its hash, each as its words in lower case.
    """
    buffers = text_buffers(texts)
    triples = zip(matches.documents.tolist(), matches.words.tolist(), matches.entries.tolist(), strict=True)
    return np.array(
        [normalized_words(buffers, words, document, word, n) in expected(entry) for document, word, entry in triples],
        np.bool_,
    )


@kernel(
    types.int64(
        reads(types.uint64),
        reads(types.int64),
        types.int64,
        reads(types.uint64),
        reads(types.int64),
        writes(types.int64),
        writes(types.int64),
        writes(types.int64),
    )
)
def match_ngrams(
    words: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    n: int,
    hashes: NDArray[np.uint64],
    buckets: NDArray[np.int64],
    documents: NDArray[np.int64],
    positions: NDArray[np.int64],
    entries: NDArray[np.int64],
) -> int:
    """Write matches for as long as there is room; returns how many there are."""
    shift = np.uint64(65)
    size = len(buckets)
    while size:
        size >>= 1
        shift -= np.uint64(1)
    power = power_of_base(n)
    count = 0
    for document in range(len(offsets) - 1):
        first = offsets[document]
        rolling = np.uint64(0)
        for position in range(offsets[document + 1] - first):
            rolling = rolling * BASE + words[first + position]
            if position >= n:
                rolling -= words[first + position - n] * power
            if position >= n - 1:
                wanted = finish(rolling, n)
                bucket = np.int64(wanted >> shift)
                for entry in range(buckets[bucket], buckets[bucket + 1]):
                    if hashes[entry] == wanted:
                        if count < len(documents):
                            documents[count], positions[count] = document, position - n + 1
                            entries[count] = entry
                        count += 1
    return count
