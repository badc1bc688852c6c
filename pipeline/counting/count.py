"""The count: how many different witnesses each key has in the whole corpus, and which keys are frequent.

Each scoring task left its pairs sorted by key. A counting task takes one range of keys out of every file: as many tasks
as the pairs need to be counted in bounded memory, nearly always one.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..arrow_files import read_table, write_table
from ..engine.tasks import task_name
from .held import NO_PAIRS, Pairs, fewest_witnesses, pairs_file

FREQUENT = "frequent.arrow"


@dataclass(frozen=True)
class Count:
    """Count one range of keys.

    Args:
        label: The stage that counts.
        sources: The phases that scored up to it, and how many tasks each had.
        partition: Which range of keys.
        partitions: How many ranges there are.
        most: A key with more different witnesses is frequent.

    Writes `frequent.arrow` (key, and the number of its witnesses as far as they are counted).
    """

    version: ClassVar[int] = 1
    label: str
    sources: tuple[tuple[str, int], ...]
    partition: int
    partitions: int
    most: int

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        tasks = (task_name(phase, index) for phase, count in self.sources for index in range(count))
        paths = (root / task / pairs_file(self.label) for task in tasks)
        keys, _ = fewest_witnesses([self._slice(path) for path in paths if path.exists()])
        counted, witnesses = np.unique(keys, return_counts=True)
        many = witnesses > self.most
        frequent = counted[many]
        write_table(folder / FREQUENT, pa.table({"key": frequent, "witnesses": witnesses[many]}))
        digest = hashlib.blake2b(frequent.tobytes(), digest_size=16).hexdigest()
        return {"counted": len(counted), "frequent": len(frequent), "digest": digest}

    def _slice(self, path: Path) -> Pairs:
        """This range's pairs of one file: they stand together."""
        table = read_table(path)
        keys, witnesses = (table.column(name).to_numpy() for name in ("key", "witness"))
        first, last = (np.searchsorted(keys, each) for each in (self._begin(0), self._begin(1)))
        end = int(last) if self.partition + 1 < self.partitions else len(keys)
        return np.stack([keys[first:end], witnesses[first:end]]) if end > first else NO_PAIRS

    def _begin(self, further: int) -> np.uint64:
        """The least key of this range, or of one `further`."""
        return np.uint64(min(((self.partition + further) << 64) // self.partitions, (1 << 64) - 1))


def frequent_keys(root: Path, tasks: Iterable[str]) -> NDArray[np.uint64]:
    """The frequent keys that counting tasks found, uint64, ascending when the tasks are in order."""
    tables = [read_table(root / task / FREQUENT) for task in tasks]
    return np.concatenate([np.empty(0, np.uint64), *(table.column("key").to_numpy() for table in tables)])
