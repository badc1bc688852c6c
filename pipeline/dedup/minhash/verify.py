"""Verify: within each component, records are compared exactly with the survivors found so far (see `leaders`).

Memory is bounded whatever the components: texts are fetched in pieces, the survivors' shingles are kept as far as there
is room and made again from their texts beyond, and their bands lie on disk where they are many.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...engine.tasks import task_name
from ...kernels.shingles import shingle_texts
from ...population import write_decisions
from ...store import RecordStore
from .._decisions import duplicate_decisions
from .cluster import members_of
from .leaders import Shingled, Verification, prepared
from .scheme import Scheme
from .sorting import Rows

CHUNK_BYTES = 2 << 20
"""Texts are fetched in pieces of about this size; their words and shingles take some ten times as much."""

CHUNK_ROWS = 1 << 16

_DROPPED = np.dtype([("place", np.int64), ("survivor", np.int64), ("similarity", np.float64)])


@dataclass(frozen=True)
class Verify:
    """Writes the decisions on one group of components, exchanged by split."""

    version: ClassVar[int] = 2
    label: str
    phase: str
    group: int
    records: tuple[str, ...]
    starts: tuple[int, ...]
    scheme: Scheme
    similarity: float

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        members = members_of(root / task_name(self.phase, 0), self.group)
        store = RecordStore(root, self.records, self.starts)

        def shingles_of(place: int) -> Shingled:
            texts = store.fetch(members[place : place + 1, 2], ["text"]).column("text").combine_chunks()
            return shingle_texts(texts, self.scheme.ngram, self.scheme.characters).set_of(0)

        with TemporaryDirectory(dir=folder) as scratch:
            verification = Verification(self.similarity, shingles_of, Path(scratch))
            found = np.fromiter(verification.run(self._visits(members, store)), _DROPPED)
        decisions = duplicate_decisions(
            self.label,
            members[found["place"], 2],
            members[found["survivor"], 2],
            found["similarity"],
            self.similarity,
        )
        write_decisions(folder, decisions, self.starts)
        return {"duplicates": len(found), "comparisons": verification.compared}

    def _visits(self, members: Rows, store: RecordStore) -> Iterator[tuple[int, Shingled, NDArray[np.uint64]]]:
        """Each member in order: its component, shingles and bands."""
        for start in range(0, len(members), CHUNK_ROWS):
            components, _, numbers = np.array(members[start : start + CHUNK_ROWS]).T
            batches = store.chunks(numbers, store.sizes(numbers, "text"), ["text"], CHUNK_BYTES)
            texts = (each for batch in batches for each in prepared(batch.column("text"), self.scheme))
            for component, (shingled, bands) in zip(components.tolist(), texts, strict=True):
                yield component, shingled, bands
