"""How many different ones of a few words stand among a document's tokens."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import kernel, reads, writes

from .buffers import text_buffers
from .hashing import hash_span

MAX_STOP_WORDS = 64
"""Those found in a document are the bits of one number."""


def count_stop_words(
    offsets: NDArray[np.int64], hashes: NDArray[np.uint64], stop_words: tuple[str, ...]
) -> NDArray[np.int64]:
    """Different stop words of each document, int64 (documents,), written as they are given, capitals and all.

    Args:
        offsets: As in `segments.Tokens`.
        hashes: As in `segments.Tokens`.
        stop_words: At most MAX_STOP_WORDS; one that no token can be is never found.

    Raises:
        ValueError: There are too many stop words.
    """
    if len(stop_words) > MAX_STOP_WORDS:
        raise ValueError(f"{len(stop_words)} stop words were given, and {MAX_STOP_WORDS} can be counted")
    buffers = text_buffers(pa.array(sorted(set(stop_words)), pa.large_string()))
    wanted, found = np.empty(len(buffers.starts), np.uint64), np.zeros(len(offsets) - 1, np.int64)
    hash_each(buffers.data, buffers.starts, buffers.stops, wanted)
    find_stop_words(offsets, hashes, wanted, found)
    return found


@kernel(types.void(reads(types.uint8), reads(types.int64), reads(types.int64), writes(types.uint64)))
def hash_each(
    data: NDArray[np.uint8], starts: NDArray[np.int64], stops: NDArray[np.int64], hashes: NDArray[np.uint64]
) -> None:
    """Fill `hashes` with those of whole texts."""
    for text in range(len(starts)):
        hashes[text] = hash_span(data, starts[text], stops[text])


@kernel(types.void(reads(types.int64), reads(types.uint64), reads(types.uint64), writes(types.int64)))
def find_stop_words(
    offsets: NDArray[np.int64], hashes: NDArray[np.uint64], wanted: NDArray[np.uint64], found: NDArray[np.int64]
) -> None:
    """Fill `found`."""
    # Bit h >> 58 of every stop word's hash h: most tokens are told from stop words by one look.
    sieve = np.uint64(0)
    for each in wanted:
        sieve |= np.uint64(1) << (each >> np.uint64(58))
    for document in range(len(found)):
        bits = np.uint64(0)
        for token in range(offsets[document], offsets[document + 1]):
            if sieve >> (hashes[token] >> np.uint64(58)) & np.uint64(1):
                for bit in range(len(wanted)):
                    if wanted[bit] == hashes[token]:
                        bits |= np.uint64(1) << np.uint64(bit)
        while bits:
            bits &= bits - np.uint64(1)
            found[document] += 1
