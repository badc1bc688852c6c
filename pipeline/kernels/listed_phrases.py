"""Phrases of a list among the words of documents: thousands of phrases cost as much as a few."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import device, kernel, reads, writes

from .sorted_search import find_sorted
from .word_hashes import WordHashes, word_hashes

SIEVE_BITS = 16

EVERY = -1
"""The list of a phrase that is looked for in every document."""


@dataclass(frozen=True)
class PhraseLists:
    """Phrases by their first words; made by `phrase_lists`.

    Args:
        sieve: uint8 (2^SIEVE_BITS,), 1 where a first word's hash has these upper bits.
        keys: uint64 (first words,), ascending: their hashes.
        groups: int64 (first words + 1,): the phrases that begin with key k are `groups[k] : groups[k + 1]`.
        offsets: int64 (phrases + 1,): where the words of each stand in `words`; longer phrases first in a group.
        words: uint64, the hashes of the words of all phrases.
        lists: int64 (phrases,), the list that each belongs to, or EVERY.
        entries: int64 (phrases,), its number among the phrases that were given.
    """

    sieve: NDArray[np.uint8]
    keys: NDArray[np.uint64]
    groups: NDArray[np.int64]
    offsets: NDArray[np.int64]
    words: NDArray[np.uint64]
    lists: NDArray[np.int64]
    entries: NDArray[np.int64]


@dataclass(frozen=True)
class PhraseHits:
    """What was found, all int64 (documents,).

    Args:
        hits: Phrases; none over another, and of two that begin at the same word the longer one.
        words: Words in them.
        first: The first one's number among the phrases that were given; -1 where there is none.
    """

    hits: NDArray[np.int64]
    words: NDArray[np.int64]
    first: NDArray[np.int64]


def phrase_lists(phrases: Sequence[tuple[str, int]]) -> PhraseLists:
    """Prepare phrases, each with the number of its list or EVERY.

    Raises:
        ValueError: A phrase holds no word.
    """
    found = word_hashes(pa.array([phrase for phrase, _ in phrases], pa.large_string()))
    contents = [found.hashes[start:stop] for start, stop in zip(found.offsets, found.offsets[1:], strict=False)]
    for (phrase, _), content in zip(phrases, contents, strict=True):
        if not len(content):
            raise ValueError(f"{phrase!r} holds no word")
    order = sorted(range(len(phrases)), key=lambda each: (int(contents[each][0]), -len(contents[each]), each))
    first = np.array([contents[each][0] for each in order], np.uint64)
    keys, groups = np.unique(first, return_index=True)
    sieve = np.zeros(1 << SIEVE_BITS, np.uint8)
    sieve[keys >> np.uint64(64 - SIEVE_BITS)] = 1
    return PhraseLists(
        sieve,
        keys,
        np.append(groups, len(order)).astype(np.int64),
        np.cumsum([0, *(len(contents[each]) for each in order)], dtype=np.int64),
        np.concatenate([np.zeros(0, np.uint64), *(contents[each] for each in order)]),
        np.array([phrases[each][1] for each in order], np.int64),
        np.array(order, np.int64),
    )


def phrase_hits(words: WordHashes, lists: NDArray[np.int64], phrases: PhraseLists) -> PhraseHits:
    """Find phrases in documents.

    Args:
        words: The documents' words.
        lists: int64 (documents,), the list that each is held against besides those for EVERY document.
        phrases: What is looked for.
    """
    documents = len(words.offsets) - 1
    counts = np.zeros((2, documents), np.int64)
    first = np.full(documents, -1, np.int64)
    find_listed(
        words.offsets,
        words.hashes,
        lists,
        phrases.sieve,
        phrases.keys,
        phrases.groups,
        phrases.offsets,
        phrases.words,
        phrases.lists,
        phrases.entries,
        counts,
        first,
    )
    return PhraseHits(counts[0], counts[1], first)


@kernel(
    types.void(
        reads(types.int64), reads(types.uint64), reads(types.int64), reads(types.uint8), reads(types.uint64),
        reads(types.int64), reads(types.int64), reads(types.uint64), reads(types.int64), reads(types.int64),
        writes(types.int64, 2), writes(types.int64),
    )
)  # fmt: skip
def find_listed(
    offsets: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    wanted: NDArray[np.int64],
    sieve: NDArray[np.uint8],
    keys: NDArray[np.uint64],
    groups: NDArray[np.int64],
    phrase_offsets: NDArray[np.int64],
    phrase_words: NDArray[np.uint64],
    lists: NDArray[np.int64],
    entries: NDArray[np.int64],
    counts: NDArray[np.int64],
    first: NDArray[np.int64],
) -> None:
    """Fill `counts`, (hits words, documents), and `first`."""
    for document in range(len(wanted)):
        word, stop = offsets[document], offsets[document + 1]
        while word < stop:
            hashed = hashes[word]
            step = 1
            if sieve[hashed >> np.uint64(64 - SIEVE_BITS)]:
                key = find_sorted(keys, hashed)
                phrase, behind = (groups[key], groups[key + 1]) if key >= 0 else (0, 0)
                while phrase < behind:
                    begins, size = phrase_offsets[phrase], phrase_offsets[phrase + 1] - phrase_offsets[phrase]
                    listed = lists[phrase] == EVERY or lists[phrase] == wanted[document]
                    if listed and size <= stop - word and _equals(hashes, word, phrase_words, begins, size):
                        counts[0, document] += 1
                        counts[1, document] += size
                        if first[document] < 0:
                            first[document] = entries[phrase]
                        step = size
                        break
                    phrase += 1
            word += step


@device
def _equals(hashes: NDArray[np.uint64], word: int, phrase_words: NDArray[np.uint64], begins: int, size: int) -> bool:
    same = 0
    while same < size and hashes[word + same] == phrase_words[begins + same]:
        same += 1
    return same == size
