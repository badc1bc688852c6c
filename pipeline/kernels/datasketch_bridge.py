"""Over to datasketch: its sketches, its index for queries.

The only file of the kernels that imports datasketch, which brings scipy with it.
"""

from collections.abc import Hashable, Iterable, Iterator

import numpy as np
from datasketch import LeanMinHash, MinHashLSH
from numpy.typing import NDArray

from .minhash import DEFAULT_SEED

SCHEME = "affine32"


def to_datasketch(signature: NDArray[np.uint32], seed: int = DEFAULT_SEED) -> LeanMinHash:
    """One signature, uint32 (num_perm,), as datasketch's frozen sketch: to compare, to query, to insert."""
    return LeanMinHash(seed=seed, hashvalues=signature, scheme=SCHEME)


def to_datasketch_lsh(
    keys: Iterable[Hashable], signed: NDArray[np.uint32], bands: int, rows: int, seed: int = DEFAULT_SEED
) -> MinHashLSH:
    """An index of datasketch's that holds the signatures, uint32 (documents, num_perm), under `keys`.

    Query it with `to_datasketch(signature)`, or with a `datasketch.MinHash` of scheme `affine32`, the same seed and
    the same hash function.
    """
    index = MinHashLSH(num_perm=signed.shape[1], params=(bands, rows))
    for key, sketch in zip(keys, _sketches(signed, seed), strict=True):
        index.insert(key, sketch)
    return index


def _sketches(signed: NDArray[np.uint32], seed: int) -> Iterator[LeanMinHash]:
    return (to_datasketch(signature, seed) for signature in signed)
