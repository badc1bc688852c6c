"""The phases that bring records of equal keys together: digest each key, exchange by digest, keep one of each group.

Equality is that of 128-bit BLAKE2b digests: among 10^12 different keys the chance of one false match is 10^-15.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..engine import exchange
from ..engine.runner import Phase, Results
from ..engine.tasks import Task, make_task, task_name
from ..plan_tools import fingerprints, merged, of_split
from ..population import Population, View, write_decisions
from ._decisions import duplicate_decisions
from ._preference import LAST, Preference, Ranks
from .base import Steps

DIGESTS = "digests.arrow"
ROW_BYTES = 32
DIGEST_BYTES = 16


@dataclass(frozen=True)
class Keys(ABC):
    """What records are compared by; a frozen dataclass of plain data, since it enters fingerprints."""

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads."""

    @abstractmethod
    def of(self, batch: pa.RecordBatch) -> Iterator[bytes | memoryview | None]:
        """The key of each record; None for one that is like no other."""


def equal_key_steps(label: str, population: Population, keys: Keys, preference: Preference) -> Steps:
    """Drop every record whose key equals that of one that is preferred.

    Args:
        label: The stage's label.
        population: The living records.
        keys: What they are compared by.
        preference: Which of several stays.

    Raises:
        RecipeError: The preference names what is not there.
    """
    preference.check(label, population)
    digest_name, match_name = f"{label}.digest", f"{label}.match"

    def digest(results: Results) -> list[Task]:
        partitions = population.partitions(ROW_BYTES, results)
        return [
            make_task(
                digest_name,
                split,
                Digest(
                    population.view(split, results),
                    population.names[split],
                    population.payload,
                    keys,
                    preference,
                    partitions,
                ),
                of_split(results, population, split),
            )
            for split in range(population.splits)
        ]

    first = Phase(digest_name, digest, population.splits, disk=population.bytes // 60, rate=200e6)
    phases, source, files = merged(first, DIGESTS)

    def match(results: Results) -> list[Task]:
        preference.check_found(label, results[digest_name].done)
        after = fingerprints(results, [source])
        return [
            make_task(match_name, index, Match(label, source, files, index, population.starts), after)
            for index in range(population.partitions(ROW_BYTES, results))
        ]

    partitions = exchange.partitions_for(ROW_BYTES * population.expected_records)
    decides = Phase(match_name, match, partitions, 3 * exchange.PARTITION_BYTES)
    return Steps((*phases, decides), decides)


@dataclass(frozen=True)
class Digest:
    """The digest and rank of each living record of a split, exchanged by digest."""

    version: ClassVar[int] = 2
    view: View
    name: str
    payload: str
    keys: Keys
    preference: Preference
    partitions: int

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        ranks = Ranks(self.preference, root, self.view, self.name, self.payload)
        columns = dict.fromkeys(["number", *self.keys.columns, *self.preference.columns(self.payload)])
        rows = [np.empty((0, 4), np.uint64)]
        for batch in self.view.batches(root, list(columns)):
            rows.append(self._rows(batch, ranks.of(batch)))
        high, low, rank, number = np.concatenate(rows).T
        table = pa.table({"high": high, "low": low, "rank": rank, "number": number})
        exchange.write(folder / DIGESTS, table, exchange.partition_of(high, self.partitions), self.partitions)
        return {"records": len(number), "ranked": int(np.count_nonzero(rank != LAST))}

    def _rows(self, batch: pa.RecordBatch, ranks: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """(high, low, rank, number), uint64 (n, 4), of the records that have a key."""
        digests, rows = bytearray(), []
        for row, key in enumerate(self.keys.of(batch)):
            if key is not None:
                digests += hashlib.blake2b(key, digest_size=DIGEST_BYTES).digest()
                rows.append(row)
        words = np.frombuffer(bytes(digests), np.uint64).reshape(-1, 2)
        return np.column_stack([words, ranks[rows], batch.column("number").to_numpy()[rows]])


@dataclass(frozen=True)
class Match:
    """Of each group of equal digests in a partition, the record with the least rank and then number survives."""

    version: ClassVar[int] = 2
    label: str
    phase: str
    files: int
    partition: int
    starts: tuple[int, ...]

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        paths = [root / task_name(self.phase, index) / DIGESTS for index in range(self.files)]
        table = exchange.read(paths, self.partition)
        high, low, rank, number = (table.column(name).to_numpy() for name in ("high", "low", "rank", "number"))
        order = np.lexsort((number, rank, low, high))
        high, low, number = high[order], low[order], number[order]
        fresh = np.ones(len(number), bool)
        fresh[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1])
        survivor = number[np.maximum.accumulate(np.where(fresh, np.arange(len(number)), 0))]
        duplicates = duplicate_decisions(
            self.label, number[~fresh], survivor[~fresh], np.ones(np.count_nonzero(~fresh)), 1.0
        )
        write_decisions(folder, duplicates, self.starts)
        return {"duplicates": duplicates.num_rows}
