"""Near duplicates of texts in memory: the steps of a build's `minhash_dedup`, without a build."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...kernels.minhash import EMPTY, band_hashes, signatures
from ...kernels.shingles import shingle_texts
from .._preference import by_value
from .components import in_memory
from .leaders import Shingled, Verification, prepared
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
    components, _, numbers = _members(column, scheme, prefer).T
    members = column.take(pa.array(numbers))

    def shingles_of(place: int) -> Shingled:
        return shingle_texts(members.slice(place, 1), scheme.ngram, scheme.characters).set_of(0)

    visits = (
        (component, shingled, bands)
        for component, (shingled, bands) in zip(components.tolist(), _prepared(members, scheme), strict=True)
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


def _members(column: pa.Array, scheme: Scheme, prefer: Sequence[float] | NDArray[np.float64] | None) -> Rows:
    """What shares a band with another, in the order of visits: uint64 (n, 3), component, rank, number."""
    signed = signatures(column, scheme.permutations, scheme.ngram, scheme.seed, scheme.characters)
    # A text without words is like no other: its signature is empty and must not be paired.
    worded = np.flatnonzero(np.any(signed != EMPTY, axis=1)).astype(np.uint64)
    bands = band_hashes(signed[worded], scheme.bands, scheme.rows).ravel()
    _, _, links = first_of_bands(bands, np.repeat(worded, scheme.bands))
    rows = in_memory(links)
    roots = np.unique(rows[:, 1])
    number, component = np.concatenate([rows, np.column_stack([roots, roots])]).T
    ranks = np.zeros(len(column), np.uint64) if prefer is None else by_value(np.asarray(prefer, np.float64))
    rank = ranks[number]
    return np.column_stack([component, rank, number])[np.lexsort((number, rank, component))]


def _prepared(texts: pa.Array, scheme: Scheme) -> Iterator[tuple[Shingled, NDArray[np.uint64]]]:
    for start in range(0, len(texts), CHUNK_ROWS):
        yield from prepared(texts.slice(start, CHUNK_ROWS), scheme)
