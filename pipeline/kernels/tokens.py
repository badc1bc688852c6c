"""The tokens of a text as arrays; `token_rules.py` says what a token is."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import device, writes

from .hashing import hash_span
from .unicode_tables import DIGIT, LETTER, UNSPACED

SYMBOL, ALPHABETIC, CHARACTER = (1 << bit for bit in range(3))
"""Kinds of tokens: without letter and digit; with a letter; a letter of a script without spaces."""


@dataclass(frozen=True)
class Tokens:
    """The tokens of n documents; those of document d are `offsets[d] : offsets[d + 1]`.

    Args:
        offsets: int64 (n + 1,).
        hashes: uint64, of each token's bytes as they stand (`hashing.hash_span`).
        starts: uint32, byte at which it starts, from the start of its document.
        stops: uint32, byte behind it.
        characters: uint32, code points in it.
        kinds: uint8, the bits SYMBOL, ALPHABETIC and CHARACTER.
    """

    offsets: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    starts: NDArray[np.uint32]
    stops: NDArray[np.uint32]
    characters: NDArray[np.uint32]
    kinds: NDArray[np.uint8]


class TokenArrays(NamedTuple):
    """Where the walk writes tokens; see `Tokens`."""

    hashes: NDArray[np.uint64]
    starts: NDArray[np.uint32]
    stops: NDArray[np.uint32]
    characters: NDArray[np.uint32]
    kinds: NDArray[np.uint8]


TOKEN_ARRAYS = types.NamedTuple(
    (writes(types.uint64), writes(types.uint32), writes(types.uint32), writes(types.uint32), writes(types.uint8)),
    TokenArrays,
)


@device
def put_token(
    tokens: TokenArrays,
    count: int,
    data: NDArray[np.uint8],
    origin: int,
    start: int,
    stop: int,
    characters: int,
    seen: np.int64,
) -> int:
    """Write the token `data[start:stop]`, of characters of the classes `seen`; how many there are now."""
    tokens.hashes[count] = hash_span(data, start, stop)
    tokens.starts[count] = start - origin
    tokens.stops[count] = stop - origin
    tokens.characters[count] = characters
    tokens.kinds[count] = kind_of(seen)
    return count + 1


@device
def kind_of(seen: np.int64) -> int:
    """The kind of a token that holds characters of these classes."""
    kind = ALPHABETIC if seen & (LETTER | UNSPACED) else 0
    if seen & UNSPACED:
        kind |= CHARACTER
    return kind if seen & (LETTER | DIGIT | UNSPACED) else kind | SYMBOL
