"""Verify: within each component, records are compared exactly with the survivors found so far.

Records come in the order of their numbers. One is dropped when the Jaccard similarity of its set of word n-grams with
that of an earlier *survivor* with which it shares a band reaches the threshold; the most similar such survivor is named
(the first among equals). Otherwise it survives itself. So a chain A ~ B ~ C does not drop C for A, and a million
copies of one page cost a million comparisons.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...engine import exchange
from ...engine.tasks import task_name
from ...kernels.minhash import band_hashes, sign
from ...kernels.shingles import exact_jaccard, shingles
from ...kernels.word_hashes import word_hashes
from ...population import write_decisions
from ...store import RecordStore
from .._decisions import duplicate_decisions
from .cluster import MEMBERS
from .sign import Scheme

CHUNK_BYTES = 8 << 20
"""Texts are fetched in pieces of about this size; their words and shingles take some ten times as much."""


@dataclass(frozen=True)
class Verify:
    """Writes the decisions on one group of components, exchanged by split."""

    version: ClassVar[int] = 1
    label: str
    phase: str
    group: int
    records: str
    starts: tuple[int, ...]
    scheme: Scheme
    similarity: float

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        table = exchange.read([root / task_name(self.phase, 0) / MEMBERS], self.group)
        store = RecordStore(root, self.records, self.starts)
        dropped: list[tuple[int, int, float]] = []
        compared, current, survivors = 0, -1, _Survivors()
        for component, number, hashes, bands in self._members(table, store):
            if component != current:
                current, survivors = component, _Survivors()
            best, similarity, tried = survivors.nearest(hashes, bands)
            compared += tried
            if best is not None and similarity >= self.similarity:
                dropped.append((number, best, similarity))
            else:
                survivors.add(number, hashes, bands)
        decisions = duplicate_decisions(
            self.label,
            np.array([number for number, _, _ in dropped], np.uint64),
            np.array([survivor for _, survivor, _ in dropped], np.uint64),
            np.array([similarity for _, _, similarity in dropped], np.float64),
            self.similarity,
        )
        write_decisions(folder, decisions, self.starts)
        return {"duplicates": len(dropped), "comparisons": compared}

    def _members(
        self, table: pa.Table, store: RecordStore
    ) -> Iterator[tuple[int, int, NDArray[np.uint64], NDArray[np.uint64]]]:
        """Each member: its component, number, sorted set of shingles, and bands."""
        numbers, components = table.column("number").to_numpy(), table.column("component").to_numpy()
        done = 0
        for batch in store.chunks(numbers, store.sizes(numbers, "text"), ["text"], CHUNK_BYTES):
            found = shingles(word_hashes(batch.column("text")), self.scheme.ngram)
            signed = sign(found, self.scheme.permutations, self.scheme.seed)
            bands = band_hashes(signed, self.scheme.bands, self.scheme.rows)
            for row in range(batch.num_rows):
                yield int(components[done + row]), int(numbers[done + row]), found.set_of(row), bands[row]
            done += batch.num_rows


@dataclass
class _Survivors:
    """The survivors of one component, found again by their bands."""

    hashes: dict[int, NDArray[np.uint64]] = field(default_factory=dict)
    by_band: dict[int, list[int]] = field(default_factory=dict)

    def nearest(self, hashes: NDArray[np.uint64], bands: NDArray[np.uint64]) -> tuple[int | None, float, int]:
        """The most similar survivor that shares a band, the similarity, and how many were compared."""
        candidates = sorted({each for band in bands.tolist() for each in self.by_band.get(band, ())})
        best, similarity = None, 0.0
        for each in candidates:
            found = exact_jaccard(self.hashes[each], hashes)
            if found > similarity:
                best, similarity = each, found
        return best, similarity, len(candidates)

    def add(self, number: int, hashes: NDArray[np.uint64], bands: NDArray[np.uint64]) -> None:
        self.hashes[number] = hashes
        for band in bands.tolist():
            self.by_band.setdefault(band, []).append(number)
