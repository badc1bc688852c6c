"""Runs of ASCII letters and digits, eight bytes at a step.

Eight bytes are one number here, the first one highest. What is said of a byte stands in its highest bit.
"""

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels.compile import Intrinsic, device

from .hashing import SEED, absorb, block_at, finish

leading_zeros = Intrinsic("numba.cpython.unsafe.numbers:leading_zeros")

EACH = np.uint64(0x0101010101010101)
HIGH = np.uint64(0x80) * EACH
LOW = np.uint64(0x7F) * EACH
CASE = np.uint64(0x20) * EACH


@device
def read_ascii_run(data: NDArray[np.uint8], start: int, stop: int) -> tuple[int, np.uint64, bool]:
    """Read the letters and digits of ASCII at `start`, of a document that ends at `stop`, as far as they go.

    At least eight bytes must lie behind `start` in `data`.

    Returns:
        Where they end, short of the last seven bytes of `data`; their hash; whether there is a letter.
    """
    position, state, has_letter = start, SEED, False
    while True:
        block = block_at(data, position)
        letters, digits = letters_in(block), digits_in(block)
        size = int(np.int64(leading_zeros((letters | digits) ^ HIGH))) >> 3
        size = min(size, stop - position)
        if size == 8 and position + 16 <= len(data):
            has_letter |= letters != np.uint64(0)
            state, position = absorb(state, block), position + 8
            continue
        size = min(size, 7)
        # By eight more, as a shift by all 64 bits would shift by none.
        rest, eight = np.uint64(56 - 8 * size), np.uint64(8)
        has_letter |= letters >> rest >> eight != np.uint64(0)
        position += size
        return position, finish(absorb(state, block >> rest >> eight), position - start), has_letter


@device
def letters_in(block: np.uint64) -> np.uint64:
    """Which bytes are letters of ASCII."""
    folded = block & LOW | CASE
    from_a = folded + np.uint64(0x80 - ord("a")) * EACH
    beyond_z = folded + np.uint64(0x80 - ord("z") - 1) * EACH
    return from_a & ~beyond_z & ~block & HIGH


@device
def digits_in(block: np.uint64) -> np.uint64:
    """Which bytes are digits of ASCII."""
    low = block & LOW
    from_0 = low + np.uint64(0x80 - ord("0")) * EACH
    beyond_9 = low + np.uint64(0x80 - ord("9") - 1) * EACH
    return from_0 & ~beyond_9 & ~block & HIGH
