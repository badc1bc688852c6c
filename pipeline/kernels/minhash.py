"""MinHash signatures, bit for bit those of datasketch 2's `affine32` scheme.

Permutation k of a shingle's 32-bit hash h (the upper half of its 64-bit hash) is `a[k] * fmix32(h) + b[k]` modulo
2^32 with a[k] odd, a bijection; the signature holds the least value of each permutation over all shingles.
`datasketch.MinHash(num_perm, seed, scheme="affine32", hashfunc=...)` updated with the same hashes gives the same.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import device, kernel, reads, writes

from .buffers import TextArray, text_buffers
from .hashing import SEED, absorb, finish, fmix32
from .shingles import DEFAULT_CHARACTERS, DEFAULT_N, Shingles, check_sizes, read_document, shingle_document
from .unicode_tables import unicode_tables

DEFAULT_SEED = 1
"""datasketch's own default."""

EMPTY = np.uint32(0xFFFFFFFF)
"""Every value of the signature of a document without words."""

TILE = 4096
"""Hashes that are taken through all permutations before the next: they stay in the first-level cache."""


def signatures(
    texts: TextArray,
    num_perm: int,
    n: int = DEFAULT_N,
    seed: int = DEFAULT_SEED,
    characters: int = DEFAULT_CHARACTERS,
) -> NDArray[np.uint32]:
    """Signatures of texts by their word n-grams, uint32 (documents, num_perm).

    The same as `sign(shingle_texts(texts, n, characters), num_perm, seed)`, without holding the words of more than
    one document at a time.

    Raises:
        ValueError: n, characters or num_perm is less than 1.
    """
    check_sizes(n, characters)
    buffers, tables = text_buffers(texts), unicode_tables()
    multipliers, increments = permutations(num_perm, seed)
    signed = np.full((len(texts), num_perm), EMPTY, np.uint32)
    room = (int(buffers.sizes.max(initial=0)) + 1) // 2
    sign_texts(
        buffers.data,
        buffers.starts,
        buffers.stops,
        tables.index,
        tables.pages,
        n,
        characters,
        multipliers,
        increments,
        np.empty(room, np.uint64),
        np.empty(TILE, np.uint64),
        np.empty(TILE, np.uint32),
        signed,
    )
    return signed


def sign(some: Shingles, num_perm: int, seed: int = DEFAULT_SEED) -> NDArray[np.uint32]:
    """Signatures of documents whose shingles are hashed already, uint32 (documents, num_perm).

    Raises:
        ValueError: num_perm is less than 1.
    """
    multipliers, increments = permutations(num_perm, seed)
    signed = np.full((len(some.offsets) - 1, num_perm), EMPTY, np.uint32)
    sign_shingles(some.hashes, some.offsets, multipliers, increments, np.empty(TILE, np.uint32), signed)
    return signed


@cache
def permutations(num_perm: int, seed: int = DEFAULT_SEED) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """The multipliers and increments that datasketch draws for `affine32`, each uint32 (num_perm,).

    Raises:
        ValueError: num_perm is less than 1.
    """
    if num_perm < 1:
        raise ValueError(f"a signature has at least one permutation, not {num_perm}")
    random = np.random.RandomState(seed)
    multipliers = random.randint(0, 1 << 31, num_perm, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    increments = random.randint(0, 1 << 32, num_perm, dtype=np.uint32)
    multipliers.flags.writeable = increments.flags.writeable = False
    return multipliers, increments


def band_hashes(signed: NDArray[np.uint32], bands: int, rows: int) -> NDArray[np.uint64]:
    """One hash for each band of each signature, uint64 (documents, bands).

    Band i covers the values `i * rows : (i + 1) * rows`, as in datasketch's LSH. The number of the band enters the
    hash, so that bands can share one table.

    Raises:
        ValueError: The signatures are too short for so many bands and rows.
    """
    if bands < 1 or rows < 1 or bands * rows > signed.shape[1]:
        raise ValueError(f"{bands} bands of {rows} rows do not fit into signatures of {signed.shape[1]} values")
    hashes = np.empty((len(signed), bands), np.uint64)
    hash_bands(np.ascontiguousarray(signed), rows, hashes)
    return hashes


@device
def sign_document(
    hashes: NDArray[np.uint64],
    first: int,
    count: int,
    multipliers: NDArray[np.uint32],
    increments: NDArray[np.uint32],
    tile: NDArray[np.uint32],
    signed: NDArray[np.uint32],
    document: int,
) -> None:
    """Lower row `document` of `signed` to the minima over the shingles `first : first + count`."""
    for done in range(0, count, len(tile)):
        size = min(len(tile), count - done)
        for i in range(size):
            tile[i] = fmix32(np.uint32(hashes[first + done + i] >> np.uint64(32)))
        for k in range(len(multipliers)):
            multiplier, increment, minimum = multipliers[k], increments[k], signed[document, k]
            for i in range(size):
                minimum = min(minimum, np.uint32(multiplier * tile[i] + increment))
            signed[document, k] = minimum


@kernel(
    types.void(
        reads(types.uint64),
        reads(types.int64),
        reads(types.uint32),
        reads(types.uint32),
        writes(types.uint32),
        writes(types.uint32, 2),
    )
)
def sign_shingles(
    hashes: NDArray[np.uint64],
    offsets: NDArray[np.int64],
    multipliers: NDArray[np.uint32],
    increments: NDArray[np.uint32],
    tile: NDArray[np.uint32],
    signed: NDArray[np.uint32],
) -> None:
    """Lower `signed`, (documents, num_perm), which starts as EMPTY; `tile` is scratch."""
    for document in range(len(offsets) - 1):
        first = offsets[document]
        count = offsets[document + 1] - first
        sign_document(hashes, first, count, multipliers, increments, tile, signed, document)


@kernel(
    types.void(
        reads(types.uint8),
        reads(types.int64),
        reads(types.int64),
        reads(types.uint16),
        reads(types.int32),
        types.int64,
        types.int64,
        reads(types.uint32),
        reads(types.uint32),
        writes(types.uint64),
        writes(types.uint64),
        writes(types.uint32),
        writes(types.uint32, 2),
    )
)
def sign_texts(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    index: NDArray[np.uint16],
    pages: NDArray[np.int32],
    n: int,
    characters: int,
    multipliers: NDArray[np.uint32],
    increments: NDArray[np.uint32],
    words: NDArray[np.uint64],
    hashes: NDArray[np.uint64],
    tile: NDArray[np.uint32],
    signed: NDArray[np.uint32],
) -> None:
    """Lower `signed`, which starts as EMPTY.

    Scratch are `words`, with room for those of any one document, and `hashes` and `tile`, both of TILE values.
    """
    for document in range(len(starts)):
        count, unspaced = read_document(data, starts[document], stops[document], index, pages, words)
        size = characters if 2 * unspaced > count else n
        spare = min(size, count) - 1
        for first in range(0, count - spare, len(hashes)):
            within = min(len(hashes) + spare, count - first)
            found = shingle_document(words, first, within, size, hashes, 0)
            sign_document(hashes, 0, found, multipliers, increments, tile, signed, document)


@kernel(types.void(reads(types.uint32, 2), types.int64, writes(types.uint64, 2)))
def hash_bands(signed: NDArray[np.uint32], rows: int, hashes: NDArray[np.uint64]) -> None:
    """Fill `hashes`, (documents, bands)."""
    for document in range(hashes.shape[0]):
        for band in range(hashes.shape[1]):
            state = absorb(SEED, np.uint64(band))
            for row in range(band * rows, (band + 1) * rows):
                state = absorb(state, np.uint64(signed[document, row]))
            hashes[document, band] = finish(state, rows)
