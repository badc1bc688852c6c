"""Repeated n-grams of tokens: Rae et al. 2021 (arXiv 2112.11446), table A1, for all n from one cascade.

An n-gram occurs twice only if both (n-1)-grams in it do. So every n-gram of the smallest n is counted, and of the next
n only those at whose place, and at the next one, repeated (n-1)-grams stand: few are left after the second step.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import device, kernel, reads, writes

from .hash_table import VALUE, mask_for, new_table, slot_of
from .hashing import SEED, absorb
from .tokens import CHARACTER, Tokens

TOP = (2, 3, 4)
"""The n of which the most frequent n-gram is measured."""

DUPLICATE = (5, 6, 7, 8, 9, 10)
"""The n of which all duplicates are measured."""

FIRST, LAST_TOP, LAST = TOP[0], TOP[-1], DUPLICATE[-1]

SEEN = np.uint64(1) << np.uint64(31)
"""The bit of an entry's value that says that the n-gram was met; below it is how often it occurs."""


@dataclass(frozen=True)
class RepeatedNgrams:
    """Code points in repeated n-grams of tokens.

    Args:
        top: For n of 2, 3, 4 int64 (documents,): of the most frequent n-gram, the first one among equals, with the
            spaces between its tokens, times its occurrences.
        duplicate: For n of 5 to 10 int64 (documents,): of all n-grams that occurred before; one that did is stepped
            over wholly, so that nothing is counted twice.
    """

    top: Mapping[int, NDArray[np.int64]]
    duplicate: Mapping[int, NDArray[np.int64]]


def repeated_ngrams(tokens: Tokens) -> RepeatedNgrams:
    """Measure the repetition among the tokens of each document."""
    offsets = tokens.offsets
    documents = len(offsets) - 1
    longest = int(np.diff(offsets).max(initial=0))
    counts = np.zeros((LAST - FIRST + 1, documents), np.int64)
    find_repeated(
        offsets,
        tokens.hashes,
        tokens.characters,
        tokens.kinds,
        new_table(longest),
        np.empty(longest + 1, np.uint32),
        np.empty(longest, np.uint64),
        np.empty(longest, np.uint32),
        np.empty(longest, np.uint32),
        counts,
    )
    by_n = dict(zip((*TOP, *DUPLICATE), counts, strict=True))
    return RepeatedNgrams({n: by_n[n] for n in TOP}, {n: by_n[n] for n in DUPLICATE})


@kernel(
    types.void(
        reads(types.int64),
        reads(types.uint64),
        reads(types.uint32),
        reads(types.uint8),
        writes(types.uint64),
        writes(types.uint32),
        writes(types.uint64),
        writes(types.uint32),
        writes(types.uint32),
        writes(types.int64, 2),
    )
)
def find_repeated(
    offsets: NDArray[np.int64],
    hashes: NDArray[np.uint64],
    characters: NDArray[np.uint32],
    kinds: NDArray[np.uint8],
    table: NDArray[np.uint64],
    ends: NDArray[np.uint32],
    grams: NDArray[np.uint64],
    places: NDArray[np.uint32],
    slots: NDArray[np.uint32],
    counts: NDArray[np.int64],
) -> None:
    """Fill `counts`, (n from FIRST to LAST, documents); the rest is scratch for the longest document's tokens."""
    generation = np.uint64(0)
    for document in range(len(offsets) - 1):
        first, size = offsets[document], offsets[document + 1] - offsets[document]
        ends[0] = 0
        for token in range(size):
            ends[token + 1] = ends[token] + characters[first + token]
            grams[token] = absorb(SEED, hashes[first + token])
            places[token] = token
        active = size
        for n in range(FIRST, LAST + 1):
            generation += np.uint64(1)
            if size < n:
                break
            mask = mask_for(active)
            # The last place of an n-gram may be beyond the document's end.
            while active and np.int64(places[active - 1]) > size - n:
                active -= 1
            for each in range(active):
                place = np.int64(places[each])
                gram = absorb(grams[place], hashes[first + place + n - 1])
                grams[place] = gram
                slot = slot_of(table, mask, generation, gram)
                table[slot] += np.uint64(1)
                slots[each] = slot >> np.uint64(1)
            if n <= LAST_TOP:
                counts[n - FIRST, document] = _top(table, slots, places, active, ends, kinds, first, n)
            else:
                counts[n - FIRST, document] = _duplicate(table, slots, places, active, ends, n)
            active = _keep_repeated(table, slots, places, active)


@device
def entry_of(slot: np.uint32) -> np.uint64:
    """Where the value of a slot lies in a table; slots are kept instead, as they need no more than 32 bits."""
    return np.uint64(slot) << np.uint64(1) | np.uint64(1)


@device
def _top(
    table: NDArray[np.uint64],
    slots: NDArray[np.uint32],
    places: NDArray[np.uint32],
    active: int,
    ends: NDArray[np.uint32],
    kinds: NDArray[np.uint8],
    first: int,
    n: int,
) -> int:
    """Code points in the most frequent n-gram times its occurrences."""
    most, top = np.uint64(1), np.int64(0)
    for each in range(active):
        often = table[entry_of(slots[each])] & VALUE
        if often > most:
            most, top = often, np.int64(places[each])
    spaces = 0
    for token in range(first + top + 1, first + top + n):
        spaces += not kinds[token - 1] & kinds[token] & CHARACTER
    return (int(ends[top + n]) - int(ends[top]) + spaces) * int(np.int64(most))


@device
def _duplicate(
    table: NDArray[np.uint64],
    slots: NDArray[np.uint32],
    places: NDArray[np.uint32],
    active: int,
    ends: NDArray[np.uint32],
    n: int,
) -> int:
    """Code points in n-grams that occurred before, none of them counted twice."""
    total, free = 0, np.int64(0)
    for each in range(active):
        place, slot = np.int64(places[each]), entry_of(slots[each])
        if place < free:
            continue
        if table[slot] & SEEN:
            total += int(ends[place + n]) - int(ends[place])
            free = place + n
        table[slot] |= SEEN
    return total


@device
def _keep_repeated(
    table: NDArray[np.uint64], slots: NDArray[np.uint32], places: NDArray[np.uint32], active: int
) -> int:
    """Keep the places at which, and behind which, repeated n-grams stand; how many they are."""
    kept = 0
    for each in range(active):
        place = np.int64(places[each])
        repeated = table[entry_of(slots[each])] & (SEEN - np.uint64(1)) > np.uint64(1)
        if repeated and each + 1 < active and np.int64(places[each + 1]) == place + 1:
            repeated = table[entry_of(slots[each + 1])] & (SEEN - np.uint64(1)) > np.uint64(1)
            if repeated:
                places[kept] = place
                kept += 1
    return kept
