"""What waits for a count: the records, as they stood before the stage that counts, and what is counted of them."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..arrow_files import table_writer, write_table
from ..filters.base import MOST_WITNESSES
from ..stages import Waiting

BUFFERED = 1 << 20
"""Occurrences that are collected before those beyond `MOST_WITNESSES` are let go."""

Pairs = NDArray[np.uint64]
"""uint64 (2, n): keys and witnesses."""

NO_PAIRS: Pairs = np.zeros((2, 0), np.uint64)


def held_file(label: str) -> str:
    """The file of the records that wait at a stage."""
    return f"{label}.held.arrow"


def pairs_file(label: str) -> str:
    """The file of what is counted for a stage: `key` and `witness`, both uint64, sorted, each pair once."""
    return f"{label}.pairs.arrow"


@dataclass
class Held:
    """Collects what waits, batch after batch, and writes it for each stage at which something does.

    Args:
        folder: The task's.
    """

    folder: Path
    _pairs: dict[str, list[Pairs]] = field(default_factory=dict)
    _records: dict[str, int] = field(default_factory=dict)
    _writers: dict[str, pa.ipc.RecordBatchFileWriter] = field(default_factory=dict)
    _open: ExitStack = field(default_factory=ExitStack)

    def add(self, waiting: Mapping[str, Waiting]) -> None:
        """Take what waits of one batch, by stage."""
        for label, each in waiting.items():
            if label not in self._writers:
                writer = table_writer(self.folder / held_file(label), each.records.schema)
                self._writers[label] = self._open.enter_context(writer)
            self._writers[label].write_batch(each.records)
            self._records[label] = self._records.get(label, 0) + each.records.num_rows
            collected = self._pairs.setdefault(label, [])
            collected.append(np.stack([each.keys, each.witnesses]))
            if sum(pairs.shape[1] for pairs in collected[1:]) > BUFFERED:
                self._pairs[label] = [fewest_witnesses(collected)]

    def write(self) -> Mapping[str, Any]:
        """Write the rest; how many records wait and how many pairs are counted, by stage."""
        self._open.close()
        pairs = {label: fewest_witnesses(collected) for label, collected in self._pairs.items()}
        for label, (keys, witnesses) in pairs.items():
            write_table(self.folder / pairs_file(label), pa.table({"key": keys, "witness": witnesses}))
        return {"waiting": self._records, "pairs": {label: each.shape[1] for label, each in pairs.items()}}


def fewest_witnesses(collected: list[Pairs]) -> Pairs:
    """The pairs without repetitions, sorted; of a key with too many witnesses the `MOST_WITNESSES` least.

    Whatever pairs are put together first, the least of all are among the least of each part: a key's number of
    different witnesses is exact as far as it is counted.
    """
    keys, witnesses = np.concatenate([NO_PAIRS, *collected], axis=1)
    order = np.lexsort((witnesses, keys))
    keys, witnesses = keys[order], witnesses[order]
    other_key = np.ones(len(keys), np.bool_)
    other_key[1:] = keys[1:] != keys[:-1]
    fresh = other_key.copy()
    fresh[1:] |= witnesses[1:] != witnesses[:-1]
    keys, witnesses, firsts = keys[fresh], witnesses[fresh], np.flatnonzero(other_key[fresh])
    places = np.arange(len(keys))
    rank = places - firsts[np.cumsum(other_key[fresh]) - 1]
    return np.stack([keys, witnesses])[:, rank < MOST_WITNESSES]


def read_held(path: Path) -> Iterator[pa.RecordBatch]:
    """The records that wait, a batch at a time; none where none waited."""
    if path.exists():
        with pa.memory_map(str(path)) as file:
            reader = pa.ipc.open_file(file)
            for index in range(reader.num_record_batches):
                yield reader.get_batch(index)
