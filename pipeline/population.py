"""The records that are alive at some point of a build: what was read, less what has been decided since.

A record's payload is written once, by the task that read it; later stages only write decisions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .engine import exchange
from .engine.runner import Results
from .engine.tasks import task_name
from .records import PAYLOADS

RECORDS = "records.arrow"
DECISIONS = "decisions.arrow"

DOCUMENT_BYTES = 2_000
"""A usual record's payload: sizes the estimates of a plan, and nothing that is decided."""

DECISION_SCHEMA = pa.schema(
    [
        ("number", pa.uint64()),
        ("fate", pa.large_string()),  # dropped or failed
        ("stage", pa.large_string()),
        ("reason", pa.large_string()),
        ("value", pa.float64()),
        ("threshold", pa.float64()),
        ("survivor", pa.uint64()),  # of a duplicate: the number of the record that stays
        ("evidence", pa.large_string()),  # JSON
    ]
)


def stored_schema(payload: str) -> pa.Schema:
    """The schema of `records.arrow`."""
    return pa.schema(
        [
            ("number", pa.uint64()),
            ("url", pa.large_string()),
            ("meta", pa.large_string()),
            ("bytes", pa.uint64()),
            (payload, PAYLOADS[payload]),
        ]
    )


@dataclass(frozen=True)
class Decided:
    """Where decisions lie: in partition `partition` of the `decisions.arrow` of `count` tasks, from `first` on."""

    phase: str
    first: int
    count: int
    partition: int

    def read(self, root: Path) -> pa.Table:
        """The decisions, in the order of the tasks."""
        folders = (root / task_name(self.phase, self.first + index) for index in range(self.count))
        return exchange.read([folder / DECISIONS for folder in folders], self.partition)


@dataclass(frozen=True)
class View:
    """One split's share of a population.

    Args:
        records: The name of the task that wrote its records.
        decided: Every decision on them since.
        waited: The names of the tasks that wrote those of its records that had waited for a count.
        later: The names of the tasks that measured what dedup stages left.
    """

    records: str
    decided: tuple[Decided, ...]
    waited: tuple[str, ...] = ()
    later: tuple[str, ...] = ()

    @property
    def measured(self) -> tuple[str, ...]:
        """Every task that measured records, the one that knows all of them first."""
        return (self.records, *self.waited, *self.later)

    def dead(self, root: Path) -> NDArray[np.uint64]:
        """Numbers of the records that are no longer alive, uint64, sorted."""
        tables = [each.read(root).column("number").to_numpy() for each in self.decided]
        return np.sort(np.concatenate([np.empty(0, np.uint64), *tables]))

    def batches(self, root: Path, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The living records, a batch at a time, mapped into memory: each task's in the order of their numbers."""
        dead = pa.array(self.dead(root))
        for batch in self._written(root):
            alive = batch.filter(pc.invert(pc.is_in(batch.column("number"), value_set=dead))) if len(dead) else batch
            if alive.num_rows:
                yield alive if columns is None else alive.select(list(columns))

    def _written(self, root: Path) -> Iterator[pa.RecordBatch]:
        for task in (self.records, *self.waited):
            with pa.memory_map(str(root / task / RECORDS)) as file:
                reader = pa.ipc.open_file(file)
                for index in range(reader.num_record_batches):
                    yield reader.get_batch(index)


@dataclass(frozen=True)
class Population:
    """All splits' records, at one point of the plan; knows names, reads nothing.

    Args:
        splits: How many splits there are.
        starts: The first number of each split, ascending; by it a number finds its split.
        names: The name of each split's input, the head of its records' ids.
        bytes: Their payload's size, estimated.
        records: The phase that wrote the records.
        payload: The payload column they have.
        decided: The phases that decided since, and whether each of their tasks decided on all splits (exchanged by
            split) or the task of a split on this split alone.
        waited: The phases that wrote those records that had waited for a count.
        later: The phases that measured what dedup stages left.
    """

    splits: int
    starts: tuple[int, ...]
    names: tuple[str, ...]
    bytes: int
    records: str
    payload: str
    decided: tuple[tuple[str, bool], ...] = ()
    waited: tuple[str, ...] = ()
    later: tuple[str, ...] = ()

    def after(self, phase: str, *, on_all: bool = False) -> "Population":
        """The population after a phase that decided, each task on its own split or each `on_all`."""
        return replace(self, decided=(*self.decided, (phase, on_all)))

    def measured_by(self, phases: Sequence[str]) -> "Population":
        """The population once further phases have measured it."""
        return replace(self, later=(*self.later, *phases))

    def view(self, split: int, results: Results) -> View:
        """One split's share."""
        decided = tuple(
            Decided(phase, 0, len(results[phase].done), split) if on_all else Decided(phase, split, 1, 0)
            for phase, on_all in self.decided
        )
        waited, later = (tuple(task_name(each, split) for each in phases) for phases in (self.waited, self.later))
        return View(task_name(self.records, split), decided, waited, later)

    @property
    def written(self) -> tuple[str, ...]:
        """The phases that wrote the records: none of them is in two."""
        return (self.records, *self.waited)

    @property
    def expected_records(self) -> int:
        """About how many records there are, as far as is known before they are read."""
        return self.bytes // DOCUMENT_BYTES

    def partitions(self, row_bytes: int, results: Results) -> int:
        """How many partitions an exchange needs in which each record takes `row_bytes`, now that they were read."""
        return exchange.partitions_for(row_bytes * sum(done.stats["records"] for done in results[self.records].done))


def split_of(numbers: NDArray[np.uint64], starts: Sequence[int]) -> NDArray[np.int64]:
    """The split of each record number, int64 (n,)."""
    return np.searchsorted(np.asarray(starts, np.uint64), numbers, side="right").astype(np.int64) - 1


def write_decisions(folder: Path, table: pa.Table, starts: Sequence[int] | None) -> None:
    """Write a task's decisions, exchanged by split; `starts` None: all are of the task's own split."""
    numbers = table.column("number").to_numpy()
    destination = np.zeros(len(numbers), np.int64) if starts is None else split_of(numbers, starts)
    exchange.write(folder / DECISIONS, table, destination, 1 if starts is None else len(starts))
