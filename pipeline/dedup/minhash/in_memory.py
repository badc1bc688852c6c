"""Near duplicates of texts in memory: the steps of a build's `minhash_dedup`, without a build."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...kernels.minhash import EMPTY, band_hashes, sign
from ...kernels.shingles import Shingles, shingle_texts
from .._preference import by_value
from .components import in_memory
from .leaders import Shingled, Verification
from .links import first_of_bands
from .scheme import Scheme
from .sorting import Rows

CHUNK_ROWS = 1 << 9
"""Texts whose shingles are made at a time."""


@dataclass(frozen=True)
class NearDuplicates:
    """What near-duplicate removal found in n texts.

    Args:
        survivors: int64: the indices of the texts that stay, ascending.
        duplicates: int64 (m,): the indices of those that do not, ascending.
        survivor_of: int64 (m,): for which survivor each of them is dropped.
        similarity: float64 (m,): their exact Jaccard similarity.
    """

    survivors: NDArray[np.int64]
    duplicates: NDArray[np.int64]
    survivor_of: NDArray[np.int64]
    similarity: NDArray[np.float64]


def find_near_duplicates(
    texts: Sequence[str] | pa.Array | pa.ChunkedArray,
    similarity: float,
    scheme: Scheme,
    prefer: Sequence[float] | NDArray[np.float64] | None,
) -> NearDuplicates:
    """See `headrace.pipeline.dedup.near_duplicates`."""
    column = _column(texts)
    parts = list(_parts(column, scheme))
    bands = np.concatenate([np.empty((0, scheme.bands), np.uint64), *(part.bands for part in parts)])
    worded = np.concatenate([np.empty(0, bool), *(part.worded for part in parts)])
    components, _, numbers = _members(bands, worded, scheme, prefer).T

    def shingles_of(place: int) -> Shingled:
        part, row = divmod(int(numbers[place]), CHUNK_ROWS)
        return parts[part].shingles.set_of(row)

    visits = (
        (component, shingles_of(place), bands[number])
        for place, (component, number) in enumerate(zip(components.tolist(), numbers.tolist(), strict=True))
    )
    index = numbers.astype(np.int64)
    found = Verification(similarity, shingles_of).run(visits)
    dropped = sorted((int(index[place]), int(index[survivor]), each) for place, survivor, each in found)
    duplicates = np.array([number for number, _, _ in dropped], np.int64)
    stays = np.ones(len(column), bool)
    stays[duplicates] = False
    return NearDuplicates(
        np.flatnonzero(stays),
        duplicates,
        np.array([survivor for _, survivor, _ in dropped], np.int64),
        np.array([each for _, _, each in dropped], np.float64),
    )


def _column(texts: Sequence[str] | pa.Array | pa.ChunkedArray) -> pa.Array:
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    return texts.cast(pa.large_string()) if isinstance(texts, pa.Array) else pa.array(texts, pa.large_string())


@dataclass(frozen=True)
class _Part:
    """CHUNK_ROWS texts.

    Args:
        shingles: Their shingles: eight bytes for each word.
        bands: uint64 (rows, bands).
        worded: bool (rows,): a text without words is like no other, and must not be paired.
    """

    shingles: Shingles
    bands: NDArray[np.uint64]
    worded: NDArray[np.bool_]


def _parts(column: pa.Array, scheme: Scheme) -> Iterator[_Part]:
    for start in range(0, len(column), CHUNK_ROWS):
        shingles = shingle_texts(column.slice(start, CHUNK_ROWS), scheme.ngram, scheme.characters)
        signed = sign(shingles, scheme.permutations, scheme.seed)
        yield _Part(shingles, band_hashes(signed, scheme.bands, scheme.rows), np.any(signed != EMPTY, axis=1))


def _members(
    bands: NDArray[np.uint64],
    worded: NDArray[np.bool_],
    scheme: Scheme,
    prefer: Sequence[float] | NDArray[np.float64] | None,
) -> Rows:
    """What shares a band with another, in the order of visits: uint64 (n, 3), component, rank, number."""
    numbers = np.flatnonzero(worded).astype(np.uint64)
    _, _, links = first_of_bands(bands[worded].ravel(), np.repeat(numbers, scheme.bands))
    rows = in_memory(links)
    roots = np.unique(rows[:, 1])
    number, component = np.concatenate([rows, np.column_stack([roots, roots])]).T
    ranks = np.zeros(len(worded), np.uint64) if prefer is None else by_value(np.asarray(prefer, np.float64))
    rank = ranks[number]
    return np.column_stack([component, rank, number])[np.lexsort((number, rank, component))]
