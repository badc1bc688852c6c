"""Philox 4x64-10, a counter-based generator, for many keys in one call; bit for bit what numpy's gives.

Salmon, Moraes, Dror, Shaw 2011, "Parallel Random Numbers: As Easy as 1, 2, 3", section 3.3. Ten rounds make of a
counter of four words four words that look random; numpy counts up before each of them.
"""

import numpy as np
from numpy.typing import NDArray

from .kernels import types
from .kernels.compile import device, kernel, reads, writes

BLOCK = 4
"""How many numbers come of one counter."""

_ROUNDS = 10
_FACTOR_0, _FACTOR_2 = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)
_STEP_0, _STEP_1 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)
_HALF, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)
_UNIT, _SPARE = 2.0**-53, np.uint64(11)


@device
def _high(a: np.uint64, b: np.uint64) -> np.uint64:
    """The upper 64 bits of a product."""
    a_low, a_high, b_low, b_high = a & _LOW, a >> _HALF, b & _LOW, b >> _HALF
    first = a_high * b_low + ((a_low * b_low) >> _HALF)
    second = a_low * b_high + (first & _LOW)
    return a_high * b_high + (first >> _HALF) + (second >> _HALF)


@kernel(types.void(reads(types.uint64, 2), types.int64, writes(types.float64, 2)))
def random(keys: NDArray[np.uint64], blocks: int, out: NDArray[np.float64]) -> None:
    """Draw numbers uniform in [0, 1).

    Args:
        keys: uint64 (n, 2).
        blocks: How many were drawn before.
        out: (n, a multiple of `BLOCK`), all of it written: the numbers of each key.
    """
    for row in range(len(keys)):
        for block in range(out.shape[1] // BLOCK):
            word_0, word_1, word_2, word_3 = np.uint64(blocks + block + 1), np.uint64(0), np.uint64(0), np.uint64(0)
            key_0, key_1 = keys[row, 0], keys[row, 1]
            for _ in range(_ROUNDS):
                high_0, high_2 = _high(_FACTOR_0, word_0), _high(_FACTOR_2, word_2)
                low_0, low_2 = _FACTOR_0 * word_0, _FACTOR_2 * word_2
                word_0, word_1, word_2, word_3 = high_2 ^ word_1 ^ key_0, low_2, high_0 ^ word_3 ^ key_1, low_0
                key_0, key_1 = key_0 + _STEP_0, key_1 + _STEP_1
            numbers = out[row, block * BLOCK : (block + 1) * BLOCK]
            numbers[0], numbers[1] = np.float64(word_0 >> _SPARE) * _UNIT, np.float64(word_1 >> _SPARE) * _UNIT
            numbers[2], numbers[3] = np.float64(word_2 >> _SPARE) * _UNIT, np.float64(word_3 >> _SPARE) * _UNIT
