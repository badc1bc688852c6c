"""Many ranges of many files read in one call, each with its CRC-32C, while the interpreter does other things.

What the page cache holds is taken at once. The rest is announced to the system first, all of it, and waited for
afterwards, so that a disk is asked for a whole batch at a time and not for one sample after the other.
"""

import ctypes

import numpy as np
from numpy.typing import NDArray

from ...base.kernels import types
from ...base.kernels.compile import Intrinsic, device, kernel, reads, writes
from .crc32c import crc32c

_pread = Intrinsic(f"{__package__}.system_calls:pread")
_pread_cached = Intrinsic(f"{__package__}.system_calls:pread_cached")
_announce = Intrinsic(f"{__package__}.system_calls:announce")


@device
def _at_once(descriptor: int, start: int, out: NDArray[np.uint8], place: int, size: int) -> int:
    found = int(_pread_cached(descriptor, start, out, place, size))
    if found != size:
        _announce(descriptor, start, size)
    return found


@device
def _nothing(descriptor: int, start: int, out: NDArray[np.uint8], place: int, size: int) -> int:
    return -1


# Linux alone can be asked for what needs no waiting.
_first_try = _at_once if hasattr(ctypes.CDLL(None), "preadv2") else _nothing


@device
def _whole(descriptor: int, start: int, out: NDArray[np.uint8], place: int, size: int) -> int:
    """Read on until all is there, the file ends or it fails; the system gives at most 2 GiB a call."""
    found = 0
    while found < size:
        more = _pread(descriptor, start + found, out, place + found, size - found)
        if more <= 0:
            break
        found += more
    return found


@kernel(
    types.void(
        reads(types.int32),
        reads(types.int64),
        reads(types.int64),
        reads(types.int64),
        writes(types.uint8),
        writes(types.int64),
        writes(types.uint32),
    )
)
def gather(
    descriptors: NDArray[np.int32],
    starts: NDArray[np.int64],
    sizes: NDArray[np.int64],
    places: NDArray[np.int64],
    out: NDArray[np.uint8],
    found: NDArray[np.int64],
    crcs: NDArray[np.uint32],
) -> None:
    """Read ranges of files into a buffer; all arrays but `out` have one element for each.

    Args:
        descriptors: The open file.
        starts: Its first byte that is wanted.
        sizes: How many bytes are wanted.
        places: Where in the buffer they go, which they must fit into.
        out: The buffer.
        found: Becomes how many bytes there were: fewer than wanted where the file ends, or cannot be read.
        crcs: Becomes the CRC-32C of what was found.
    """
    for number in range(starts.size):
        size, place = sizes[number], places[number]
        found[number] = _first_try(descriptors[number], starts[number], out, place, size)
        if found[number] == size:
            crcs[number] = crc32c(out, place, place + size)
    for number in range(starts.size):
        size, place = sizes[number], places[number]
        if found[number] != size:
            found[number] = _whole(descriptors[number], starts[number], out, place, size)
            crcs[number] = crc32c(out, place, place + found[number])
