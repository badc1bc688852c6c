"""The decision on one component: records are compared with the survivors found so far.

Records come in the order of the survivor policy. One is dropped when the Jaccard similarity of its set of shingles with
that of an earlier *survivor* with which it shares a band reaches the threshold; the most similar such survivor is named
(the first among equals). Otherwise it survives itself. So a chain A ~ B ~ C does not drop C for A, and a million
copies of one page cost a million comparisons.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...kernels.buffers import TextArray
from ...kernels.minhash import band_hashes, sign
from ...kernels.shingles import exact_jaccard, shingle_texts
from .band_index import BandIndex
from .scheme import Scheme

CACHE_BYTES = 128 << 20
"""Shingles of survivors that are kept in memory."""

Shingled = NDArray[np.uint64]
"""The different shingles of a record, sorted."""


@dataclass
class Verification:
    """Decides on components, one after the other.

    Args:
        similarity: From which two records are duplicates.
        shingles_of: Makes the shingles of a record again, by its place in the order of visits.
        scratch: A folder for what does not fit into memory; None: all does.
    """

    similarity: float
    shingles_of: Callable[[int], Shingled]
    scratch: Path | None = None
    compared: int = field(default=0, init=False)
    """How many pairs were compared so far."""

    def run(self, visits: Iterable[tuple[int, Shingled, NDArray[np.uint64]]]) -> Iterator[tuple[int, int, float]]:
        """Visit records; of each one that is dropped its place, its survivor's, and their similarity.

        Args:
            visits: Each record's component, shingles and bands, component by component in the policy's order.
        """
        current, leaders = -1, self._leaders()
        for place, (component, shingled, bands) in enumerate(visits):
            if component != current:
                self.compared += leaders.compared
                current, leaders = component, self._leaders()
            found = leaders.visit(place, shingled, bands)
            if found is not None:
                yield (place, *found)
        self.compared += leaders.compared

    def _leaders(self) -> "_Leaders":
        return _Leaders(self.similarity, _ShingleCache(self.shingles_of), BandIndex(self.scratch))


def prepared(texts: TextArray, scheme: Scheme) -> Iterator[tuple[Shingled, NDArray[np.uint64]]]:
    """The sorted set of shingles of each text, and the hashes of its bands, uint64 (bands,)."""
    found = shingle_texts(texts, scheme.ngram, scheme.characters)
    bands = band_hashes(sign(found, scheme.permutations, scheme.seed), scheme.bands, scheme.rows)
    for row in range(len(texts)):
        yield found.set_of(row), bands[row]


class _Leaders:
    """The survivors of one component, found again by their bands.

    Args:
        similarity: From which two records are duplicates.
        cache: Where their shingles are kept.
        index: Where their bands are.
    """

    def __init__(self, similarity: float, cache: "_ShingleCache", index: BandIndex) -> None:
        self._similarity, self._cache, self._index = similarity, cache, index
        self.compared = 0

    def visit(self, place: int, shingled: Shingled, bands: NDArray[np.uint64]) -> tuple[int, float] | None:
        """The survivor, by its place, for which a record is dropped, and their similarity; None: it survives.

        Args:
            place: The record's place in the order of visits.
            shingled: Its shingles.
            bands: The hashes of its bands, uint64 (bands,).
        """
        best, similarity = -1, 0.0
        for each in self._index.owners(bands):
            self.compared += 1
            found = exact_jaccard(self._cache.get(each), shingled)
            if found > similarity:
                best, similarity = each, found
        if best >= 0 and similarity >= self._similarity:
            return best, similarity
        self._index.add(place, bands)
        self._cache.put(place, shingled)
        return None


class _ShingleCache:
    """The shingles of the survivors that were looked at last; others are made again from their texts."""

    def __init__(self, make: Callable[[int], Shingled]) -> None:
        self._make = make
        self._kept: OrderedDict[int, Shingled] = OrderedDict()
        self._size = 0

    def put(self, place: int, shingled: Shingled) -> None:
        self._kept[place] = shingled
        self._size += shingled.nbytes
        while self._size > CACHE_BYTES and len(self._kept) > 1:
            _, gone = self._kept.popitem(last=False)
            self._size -= gone.nbytes

    def get(self, place: int) -> Shingled:
        if place in self._kept:
            self._kept.move_to_end(place)
        else:
            self.put(place, self._make(place))
        return self._kept[place]
