"""CRC-32C (Castagnoli; RFC 3720, appendix B.4) at the speed of memory, for kernels.

The processor's own instruction takes 8 bytes at a time but gives its result three cycles later, so three stripes are
summed side by side: long ones as long as there are any, then short ones, and what is left in one go. Stripes are
joined by what follows from the register being linear over GF(2):

    register(A || B) = shift(register(A), |B|) xor register(B), the second begun at 0

where shift(c, n) is the register c after n zero bytes, looked up byte by byte in tables made for one and for two
stripes. Where the processor has carry-less products of 512 bits, these take most bytes, in half the time (see
`crc32c_folding`). One without an instruction for CRC-32C goes byte by byte through a table.
"""

import numpy as np
from llvmlite import binding  # type: ignore[import-untyped]
from numpy.typing import NDArray

from ...base.kernels.compile import Device, Intrinsic, device

LONG, SHORT = 1360, 136
"""Bytes of the stripes, multiples of 8: a join costs as much as 100 bytes, what is left over three times its length."""

POLYNOMIAL = 0x82F63B78
"""Castagnoli's, its bits reversed."""
_FULL = np.uint32(0xFFFFFFFF)
FEATURES = ("sse4.2", "crc")
"""What LLVM calls a processor's ability to do this: that of x86, and that of ARM."""
FOLDED = 256
"""Bytes that are folded at a time."""
_FOLDING = ("sse4.2", "avx512f", "vpclmulqdq")
"""What it calls those that this takes."""


def _byte_table() -> NDArray[np.uint32]:
    """The register after one byte, by that byte: uint32 [256]."""
    register = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        register = np.where(register & 1, (register >> 1) ^ np.uint32(POLYNOMIAL), register >> 1)
    return register


def _shift_table(count: int) -> NDArray[np.uint32]:
    """What `count` zero bytes make of a register, by its byte and that byte's value: uint32 [4, 256]."""
    shifts = np.arange(0, 32, 8, dtype=np.uint32)[:, None]
    register = np.arange(256, dtype=np.uint32) << shifts
    for _ in range(count):
        register = _BYTE[register & 0xFF] ^ (register >> np.uint32(8))
    return register


_BYTE = _byte_table()
_LONG_ONE, _LONG_TWO = _shift_table(LONG), _shift_table(2 * LONG)
_SHORT_ONE, _SHORT_TWO = _shift_table(SHORT), _shift_table(2 * SHORT)


_next_eight = Intrinsic(f"{__package__}.crc32c_instruction:next_eight")
_folded = Intrinsic(f"{__package__}.crc32c_folding:folded")


@device
def _shifted(register: np.uint32, table: NDArray[np.uint32]) -> np.uint32:
    low = table[0, register & 0xFF] ^ table[1, (register >> 8) & 0xFF]
    high = table[2, (register >> 16) & 0xFF] ^ table[3, register >> 24]
    return np.uint32(low ^ high)


@device
def _three(
    register: np.uint32,
    data: NDArray[np.uint8],
    begin: int,
    stripe: int,
    one: NDArray[np.uint32],
    two: NDArray[np.uint32],
) -> np.uint32:
    """The register after three stripes, with the tables that shift by one and by two of them."""
    second, third = np.uint32(0), np.uint32(0)
    for place in range(begin, begin + stripe, 8):
        register = _next_eight(register, data, place)
        second = _next_eight(second, data, place + stripe)
        third = _next_eight(third, data, place + 2 * stripe)
    return _shifted(register, two) ^ _shifted(second, one) ^ third


@device
def _by_folding(register: np.uint32, data: NDArray[np.uint8], begin: int, end: int) -> np.uint32:
    times = (end - begin) // FOLDED
    if times > 0:
        register = np.uint32(_folded(register, data, begin, times))
    return _by_instruction(register, data, begin + times * FOLDED, end)


@device
def _by_instruction(register: np.uint32, data: NDArray[np.uint8], begin: int, end: int) -> np.uint32:
    while end - begin >= 3 * LONG:
        register = _three(register, data, begin, LONG, _LONG_ONE, _LONG_TWO)
        begin += 3 * LONG
    while end - begin >= 3 * SHORT:
        register = _three(register, data, begin, SHORT, _SHORT_ONE, _SHORT_TWO)
        begin += 3 * SHORT
    while end - begin >= 8:
        register = np.uint32(_next_eight(register, data, begin))
        begin += 8
    return _by_table(register, data, begin, end)


@device
def _by_table(register: np.uint32, data: NDArray[np.uint8], begin: int, end: int) -> np.uint32:
    for place in range(begin, end):
        register = _BYTE[(register ^ data[place]) & 0xFF] ^ (register >> np.uint32(8))
    return register


def ways() -> list[Device[[np.uint32, NDArray[np.uint8], int, int], np.uint32]]:
    """The ways that this machine's processor can go, the fastest first."""
    able = binding.get_host_cpu_features().get
    folding, instruction = all(map(able, _FOLDING)), any(map(able, FEATURES))
    return [way for way, can in ((_by_folding, folding), (_by_instruction, instruction), (_by_table, True)) if can]


_run = ways()[0]


@device
def crc32c(data: NDArray[np.uint8], begin: int, end: int) -> np.uint32:
    """CRC-32C of the bytes of an array from `begin` to `end` (exclusive)."""
    return _run(_FULL, data, begin, end) ^ _FULL
