"""A digest of what was consumed, for which any division of the work gives the same sum.

A sample with the id i that was consumed at position p has the mark

    mark(p, i) = hash64(i, hash64(p, key("headrace.digest", 1)))

(see `headrace.shards.base.rng`), and the digest of any samples is the sum of their marks modulo 2^64. It depends on
which sample came at which position, but not on who consumed it, in how many batches and with which restarts: digests of
ranks, workers and stretches of a run are simply added. A sample that is missing, doubled, or read at another position
changes it; two different sets of samples have one digest by a chance of 2^-64.
"""

import numpy as np
from numpy.typing import NDArray

from ...base.rng import hash64, key

_KEY = key("headrace.digest", 1)
_MODULUS = 1 << 64


def marks(positions: NDArray[np.int64], ids: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The mark of each sample.

    Args:
        positions: int64 array of any shape: where samples were consumed.
        ids: int64 array of the same shape: their numbers (`__id__`).

    Returns:
        uint64 array of the same shape.
    """
    return hash64(ids, hash64(positions, _KEY))


def digest(positions: NDArray[np.int64], ids: NDArray[np.int64]) -> int:
    """The digest of samples, in [0, 2^64); arguments as for `marks`."""
    return int(marks(positions, ids).sum(dtype=np.uint64))


def plus(one: int, other: int) -> int:
    """The digest of the samples of both."""
    return (one + other) % _MODULUS


def minus(one: int, other: int) -> int:
    """The digest of the samples of one that are not those of the other."""
    return (one - other) % _MODULUS
