"""A hash table in scratch space that is never cleared: every slot bears the number of the use it belongs to.

A slot is two numbers, the key and `generation << 32 | value`; one of another generation is free. Keys are 64-bit hashes
and equal keys count as equal things: among n different ones two are alike with a probability of at most n^2 / 2^65,
which for a document of 100,000 n-grams is 3e-10.
"""

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels.compile import device

VALUE_BITS = np.uint64(32)
VALUE = np.uint64(0xFFFFFFFF)


def new_table(entries: int) -> NDArray[np.uint64]:
    """A table for at most so many entries, all free; generations count from 1."""
    return np.zeros(2 * slots_for(entries), np.uint64)


def slots_for(entries: int) -> int:
    """A power of two, at least half as many again as the entries: at most two thirds of the slots are taken."""
    return 1 << max(4, (entries + entries // 2).bit_length())


@device
def mask_for(entries: int) -> np.uint64:
    """`slots_for(entries) - 1`, for kernels: small uses of a large table stay in a corner of it, and in the cache."""
    slots = np.uint64(16)
    while slots <= np.uint64(entries + entries // 2):
        slots <<= np.uint64(1)
    return slots - np.uint64(1)


@device
def slot_of(table: NDArray[np.uint64], mask: np.uint64, generation: np.uint64, key: np.uint64) -> np.uint64:
    """Where a key's entry lies; a new one has the value 0."""
    slot = key & mask
    while True:
        place = slot << np.uint64(1)
        if table[place + np.uint64(1)] >> VALUE_BITS != generation:
            table[place], table[place + np.uint64(1)] = key, generation << VALUE_BITS
            return place + np.uint64(1)
        if table[place] == key:
            return place + np.uint64(1)
        slot = (slot + np.uint64(1)) & mask
