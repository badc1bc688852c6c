"""The hash functions of words, n-grams and bands; all arithmetic is modulo 2^64.

The hash of a byte string takes its bytes in blocks of eight, each read as a big-endian number (the last block may be
shorter, and is taken even when empty): `state = absorb(state, block)`, from SEED on. Then
`finish(state, number of bytes)`. `absorb` is a bijection of the state for each block and of the block for each state,
so different words of the same length up to eight bytes never collide, and longer ones do by chance alone.

The finaliser is that of MurmurHash3 (Austin Appleby, public domain), which spreads every bit over all others.
"""

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels.compile import device

SEED = np.uint64(0x243F6A8885A308D3)  # the fraction of pi
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio
HALF = np.uint64(32)


@device
def absorb(state: np.uint64, block: np.uint64) -> np.uint64:
    """The state after one more block."""
    mixed = (state ^ block) * MULTIPLIER
    return mixed ^ (mixed >> HALF)


@device
def finish(state: np.uint64, size: int) -> np.uint64:
    """The hash of what was absorbed; `size` sets apart what only differs in length."""
    return fmix64(state + np.uint64(size) * MULTIPLIER)


@device
def fmix64(value: np.uint64) -> np.uint64:
    """MurmurHash3's 64-bit finaliser, a bijection."""
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xFF51AFD7ED558CCD)
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> np.uint64(33))


@device
def fmix32(value: np.uint32) -> np.uint32:
    """MurmurHash3's 32-bit finaliser, a bijection."""
    value ^= value >> np.uint32(16)
    value = np.uint32(value * np.uint32(0x85EBCA6B))
    value ^= value >> np.uint32(13)
    value = np.uint32(value * np.uint32(0xC2B2AE35))
    return np.uint32(value ^ (value >> np.uint32(16)))


@device
def hash_span(data: NDArray[np.uint8], start: int, stop: int) -> np.uint64:
    """The hash of the bytes `data[start:stop]`."""
    state, position = SEED, start
    while position + 8 <= stop:
        state = absorb(state, block_at(data, position))
        position += 8
    if position + 8 <= len(data):
        missing = np.uint64(8 * (7 - (stop - position)))
        block = block_at(data, position) >> missing >> np.uint64(8)
    else:
        block = np.uint64(0)
        while position < stop:
            block = block << np.uint64(8) | np.uint64(data[position])
            position += 1
    return finish(absorb(state, block), stop - start)


@device
def hash_byte(byte: np.uint8) -> np.uint64:
    """The hash of one byte."""
    return finish(absorb(SEED, np.uint64(byte)), 1)


@device
def block_at(data: NDArray[np.uint8], position: int) -> np.uint64:
    """Eight bytes as one number, the first one highest; the compiler makes one load of it."""
    # Unsigned indices: a signed one would be tested for being counted from the end.
    first, block = np.uint64(position), np.uint64(0)
    for offset in range(8):
        block = block << np.uint64(8) | np.uint64(data[first + np.uint64(offset)])
    return block
