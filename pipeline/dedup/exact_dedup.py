"""Exact dedup: of records whose payload is equal byte for byte, the first in the inputs' order stays.

Equality is that of 128-bit BLAKE2b digests: among 10^12 different records the chance of one false match is 10^-15.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from ..engine import exchange
from ..engine.runner import Phase, Results
from ..engine.tasks import Task, make_task, task_name
from ..plan_tools import fingerprints, merged, of_split
from ..population import Population, View, write_decisions
from ._decisions import duplicate_decisions
from .base import Dedup, Steps

DIGESTS = "digests.arrow"
ROW_BYTES = 24


@dataclass(frozen=True)
class ExactDedup(Dedup):
    """Drops every record whose payload equals that of an earlier one."""

    reads = ""

    def steps(self, label: str, population: Population) -> Steps:
        """Digest each record, bring equal digests together, keep the first of each."""
        digest_name, match_name = f"{label}.digest", f"{label}.match"

        def digest(results: Results) -> list[Task]:
            partitions = population.partitions(ROW_BYTES, results)
            return [
                make_task(
                    digest_name,
                    split,
                    Digest(population.view(split, results), population.payload, partitions),
                    of_split(results, population, split),
                )
                for split in range(population.splits)
            ]

        first = Phase(digest_name, digest, population.splits, disk=population.bytes // 80, rate=200e6)
        phases, source, files = merged(first, DIGESTS)

        def match(results: Results) -> list[Task]:
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
    """The digest of each living record of a split, exchanged by digest."""

    version: ClassVar[int] = 1
    view: View
    payload: str
    partitions: int

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        numbers, digests = [np.empty(0, np.uint64)], bytearray()
        for batch in self.view.batches(root, ["number", self.payload]):
            numbers.append(batch.column("number").to_numpy())
            for value in batch.column(self.payload).cast(pa.large_binary()):
                digests += hashlib.blake2b(value.as_buffer(), digest_size=16).digest()
        words = np.frombuffer(bytes(digests), np.uint64).reshape(-1, 2)
        table = pa.table({"high": words[:, 0], "low": words[:, 1], "number": np.concatenate(numbers)})
        exchange.write(folder / DIGESTS, table, exchange.partition_of(words[:, 0], self.partitions), self.partitions)
        return {"records": len(words)}


@dataclass(frozen=True)
class Match:
    """Of each group of equal digests in a partition, the record with the least number survives."""

    version: ClassVar[int] = 1
    label: str
    phase: str
    files: int
    partition: int
    starts: tuple[int, ...]

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        paths = [root / task_name(self.phase, index) / DIGESTS for index in range(self.files)]
        table = exchange.read(paths, self.partition)
        high, low, number = (table.column(name).to_numpy() for name in ("high", "low", "number"))
        order = np.lexsort((number, low, high))
        high, low, number = high[order], low[order], number[order]
        fresh = np.ones(len(number), bool)
        fresh[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1])
        survivor = number[np.maximum.accumulate(np.where(fresh, np.arange(len(number)), 0))]
        duplicates = duplicate_decisions(
            self.label, number[~fresh], survivor[~fresh], np.ones(np.count_nonzero(~fresh)), 1.0
        )
        write_decisions(folder, duplicates, self.starts)
        return {"duplicates": duplicates.num_rows}
