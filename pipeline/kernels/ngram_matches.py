"""Where documents hold an n-gram of a benchmark: hashes are compared here, what they stand for by the caller."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import kernel, reads, writes

from .hashing import finish
from .shingles import BASE, power_of_base

_SPARSE = 4
"""Bits of the sieve's index beyond the buckets': about one n-gram in 16 that is not looked for passes it."""


@dataclass(frozen=True)
class NgramIndex:
    """The n-grams of a benchmark, ready to be looked up.

    Args:
        n: Words (or tokens) in each.
        hashes: uint64 (n-grams,), strictly ascending: their hashes as `shingles` gives them.
        buckets: int64 (2^k + 1,): the hashes whose upper k bits are i are `buckets[i] : buckets[i + 1]`.
        sieve: uint64 (2^(k + 4) / 64,): bit i is set where a hash has i in its upper k + 4 bits.
    """

    n: int
    hashes: NDArray[np.uint64]
    buckets: NDArray[np.int64]
    sieve: NDArray[np.uint64]

    @classmethod
    def of(cls, hashes: NDArray[np.uint64], n: int) -> "NgramIndex":
        """Index sorted hashes without repetitions.

        Raises:
            ValueError: They are not strictly ascending, or n is less than 1.
        """
        if n < 1 or np.any(hashes[1:] <= hashes[:-1]):
            raise ValueError(f"the hashes of n-grams (n = {n}) must be sorted, without repetitions, and n at least 1")
        # About as many buckets as n-grams: a lookup is then one step, whatever their number.
        bits = max(len(hashes).bit_length(), 2)
        bounds = np.arange(1 << bits, dtype=np.uint64) << np.uint64(64 - bits)
        buckets = np.append(np.searchsorted(hashes, bounds), len(hashes)).astype(np.int64)
        places = hashes >> np.uint64(64 - bits - _SPARSE)
        sieve = np.zeros(1 << (bits + _SPARSE - 6), np.uint64)
        np.bitwise_or.at(sieve, places >> np.uint64(6), np.uint64(1) << (places & np.uint64(63)))
        return cls(n, hashes, buckets, sieve)


@dataclass(frozen=True)
class NgramMatches:
    """What was found in documents; arrays int64, in order of document and word.

    Args:
        counts: (documents,): how many of a document's n-grams are in the index.
        firsts: (3, n): document, word and entry of the index, for the first place of each entry in each document; the
            word is the one that opens the n-gram, counted from the document's first.
        stretches: (3, n): document, first word and the word behind the last, of the words that matches cover:
            stretches neither overlap nor touch.
    """

    counts: NDArray[np.int64]
    firsts: NDArray[np.int64]
    stretches: NDArray[np.int64]


def ngram_matches(words: NDArray[np.uint64], offsets: NDArray[np.int64], index: NgramIndex) -> NgramMatches:
    """Find every n-gram of the documents whose hash is in the index.

    Args:
        words: uint64 (words,): the hashes of the documents' words.
        offsets: int64 (documents + 1,): document d has the words `offsets[d] : offsets[d + 1]`.
        index: What is looked for.
    """
    counts = np.zeros(len(offsets) - 1, np.int64)
    room = np.array([1024, 1024])
    while True:
        firsts, stretches = (np.empty((3, size), np.int64) for size in room)
        # A document's number marks what has been seen in it.
        seen, found = np.full(len(index.hashes), -1, np.int64), np.zeros(2, np.int64)
        match_ngrams(
            words, offsets, index.n, index.hashes, index.buckets, index.sieve, seen, counts, firsts, stretches, found
        )
        if (found <= room).all():
            return NgramMatches(counts, firsts[:, : found[0]], stretches[:, : found[1]])
        room = found


@kernel(
    types.void(
        reads(types.uint64),
        reads(types.int64),
        types.int64,
        reads(types.uint64),
        reads(types.int64),
        reads(types.uint64),
        writes(types.int64),
        writes(types.int64),
        writes(types.int64, 2),
        writes(types.int64, 2),
        writes(types.int64),
    )
)
def match_ngrams(
    words: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    n: int,
    hashes: NDArray[np.uint64],
    buckets: NDArray[np.int64],
    sieve: NDArray[np.uint64],
    seen: NDArray[np.int64],
    counts: NDArray[np.int64],
    firsts: NDArray[np.int64],
    stretches: NDArray[np.int64],
    found: NDArray[np.int64],
) -> None:
    """Count matches, and write firsts and stretches for as long as there is room; `found` says how many there are."""
    bits, size = 0, len(buckets) - 1
    while size > 1:
        size >>= 1
        bits += 1
    bucket_shift, sieve_shift = np.uint64(64 - bits), np.uint64(64 - bits - _SPARSE)
    power = power_of_base(n)
    one, six, low = np.uint64(1), np.uint64(6), np.uint64(63)
    for document in range(len(offsets) - 1):
        first = offsets[document]
        rolling = np.uint64(0)
        counts[document] = 0
        covered = -1
        for position in range(offsets[document + 1] - first):
            word = words[first + position]
            if position >= n:
                # The leaving word does not wait for the entering one: one multiplication a step is all that is serial.
                word = word - words[first + position - n] * power
            rolling = rolling * BASE + word
            if position < n - 1:
                continue
            wanted = finish(rolling, n)
            place = wanted >> sieve_shift
            if not sieve[place >> six] >> (place & low) & one:
                continue
            bucket = np.int64(wanted >> bucket_shift)
            for entry in range(buckets[bucket], buckets[bucket + 1]):
                if hashes[entry] != wanted:
                    continue
                start = position - n + 1
                counts[document] += 1
                if seen[entry] != document:
                    seen[entry] = document
                    if found[0] < firsts.shape[1]:
                        at = found[0]
                        firsts[0, at], firsts[1, at], firsts[2, at] = document, start, entry
                    found[0] += 1
                if start > covered:
                    if found[1] < stretches.shape[1]:
                        at = found[1]
                        stretches[0, at], stretches[1, at] = document, start
                    found[1] += 1
                covered = start + n
                if found[1] <= stretches.shape[1]:
                    stretches[2, found[1] - 1] = covered
