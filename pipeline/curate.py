"""The two map phases: read and curate what comes from outside, and filter again what a dedup stage left."""

import heapq
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from headrace.shards.base.rng import hash64

from .contracts.returned import check_read
from .inputs import Split
from .population import DECISION_SCHEMA, RECORDS, View, write_decisions
from .readers.base import Reader
from .recipe import Stage
from .records import PAYLOADS, numbers
from .stages import Applied, apply

READ = "read.arrow"
SCORES = "scores.arrow"
EXAMPLES = "examples.arrow"

EXAMPLES_PER_REASON = 4
EXAMPLE_BYTES = 64 << 10

EXAMPLE_SCHEMA = pa.schema(
    [
        ("number", pa.uint64()),
        ("fate", pa.large_string()),
        ("stage", pa.large_string()),
        ("reason", pa.large_string()),
        ("value", pa.float64()),
        ("threshold", pa.float64()),
        ("url", pa.large_string()),
        ("payload", pa.large_binary()),
    ]
)


@dataclass(frozen=True)
class ReadAndCurate:
    """Read one split, apply the stages before the first dedup stage, and write what is alive.

    Args:
        split: What to read.
        stages: Extractors and filters, in the recipe's order.
        payload: The payload column at their end.

    Writes `records.arrow` (the living), `read.arrow` (number, url and bytes of every record), `scores.arrow`,
    `decisions.arrow` and `examples.arrow`.
    """

    version: ClassVar[int] = 1
    split: Split
    stages: tuple[Stage, ...]
    payload: str

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        schema = pa.schema(
            [
                ("number", pa.uint64()),
                ("url", pa.large_string()),
                ("meta", pa.large_string()),
                ("bytes", pa.uint64()),
                (self.payload, PAYLOADS[self.payload]),
            ]
        )
        totals = dict.fromkeys(("records", "bytes", "alive", "alive_bytes"), 0)
        outcome = _Outcome()
        with _writer(folder / RECORDS, schema) as records, _writer(folder / READ, _READ_SCHEMA) as read:
            for batch in self._batches():
                applied = apply(self.stages, batch)
                alive = applied.alive().select(schema.names)
                read.write_batch(batch.select(_READ_SCHEMA.names))
                records.write_batch(alive)
                outcome.add(batch, applied)
                totals["records"] += batch.num_rows
                totals["bytes"] += _bytes(batch)
                totals["alive"] += alive.num_rows
                totals["alive_bytes"] += _bytes(alive)
        outcome.write(folder)
        return {**totals, "failed": outcome.failed}

    def _batches(self) -> Iterator[pa.RecordBatch]:
        file, last = self.split.file, -1
        reader: Reader = file.reader.load()
        with reader.open(file.url) as opened:
            for batch in reader.read(opened, self.split.span):
                last = check_read(file.reader.name, reader, batch, last)
                number = numbers(file.ordinal, batch.column("position").to_numpy())
                yield batch.drop_columns(["position"]).add_column(0, "number", pa.array(number))


@dataclass(frozen=True)
class FilterAgain:
    """Apply filters to what a dedup stage left of a split; the records stay where they are."""

    version: ClassVar[int] = 1
    view: View
    stages: tuple[Stage, ...]

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        outcome = _Outcome()
        records = 0
        for batch in self.view.batches(root):
            records += batch.num_rows
            outcome.add(batch, apply(self.stages, batch))
        outcome.write(folder)
        return {"records": records, "failed": outcome.failed}


_READ_SCHEMA = pa.schema([("number", pa.uint64()), ("url", pa.large_string()), ("bytes", pa.uint64())])


@dataclass
class _Outcome:
    """Collects what stages decided and measured, batch after batch."""

    decisions: list[pa.Table] = field(default_factory=list)
    scores: list[pa.Table] = field(default_factory=list)
    examples: "_Examples" = field(default_factory=lambda: _Examples())
    failed: int = 0

    def add(self, batch: pa.RecordBatch, applied: Applied) -> None:
        self.decisions.append(pa.Table.from_pylist(applied.decisions, DECISION_SCHEMA))
        # What was not measured is null, so that other tools' means and counts leave it out.
        scores = {name: pa.array(values, from_pandas=True) for name, values in applied.scores.items()}
        self.scores.append(pa.table({"number": batch.column("number"), **scores}))
        self.examples.add(applied)
        self.failed += sum(decision["fate"] == "failed" for decision in applied.decisions)

    def write(self, folder: Path) -> None:
        write_decisions(folder, pa.concat_tables([DECISION_SCHEMA.empty_table(), *self.decisions]), None)
        # A batch in which a filter failed on every record lacks its measures.
        scores = pa.concat_tables([_NO_SCORES, *self.scores], promote_options="default")
        _write_table(folder / SCORES, scores)
        _write_table(folder / EXAMPLES, self.examples.table())


_NO_SCORES = pa.table({"number": pa.array([], pa.uint64())})


class _Examples:
    """A few records per reason, and of the kept ones, chosen by a hash of their numbers: the same in any run."""

    def __init__(self) -> None:
        self._heaps: dict[tuple[str, str], list[tuple[int, int, dict[str, Any]]]] = {}

    def add(self, applied: Applied) -> None:
        batch = applied.batch
        if not batch.num_rows:
            return
        payload = next(name for name in PAYLOADS if name in batch.schema.names)
        decided = {decision["number"]: decision for decision in applied.decisions}
        known = batch.column("number").to_numpy()
        order = hash64(known, _EXAMPLE_KEY)
        for row, (number, place) in enumerate(zip(known.tolist(), order.tolist(), strict=True)):
            decision = decided.get(number, {"fate": "kept", "stage": "", "reason": ""})
            heap = self._heaps.setdefault((decision["stage"], decision["reason"]), [])
            if len(heap) == EXAMPLES_PER_REASON and -place <= heap[0][0]:
                continue
            value = batch.column(payload)[row].as_py()
            data = value.encode() if isinstance(value, str) else value
            if payload == "image" and len(data) > EXAMPLE_BYTES:
                continue  # a cut picture cannot be shown
            example = {**decision, "number": number, "url": batch.column("url")[row].as_py()}
            example["payload"] = data[:EXAMPLE_BYTES]
            entry = (-place, number, {name: example.get(name) for name in EXAMPLE_SCHEMA.names})
            (heapq.heappush if len(heap) < EXAMPLES_PER_REASON else heapq.heapreplace)(heap, entry)

    def table(self) -> pa.Table:
        rows = [entry for key in sorted(self._heaps) for _, _, entry in sorted(self._heaps[key], key=lambda e: -e[0])]
        return pa.Table.from_pylist(rows, EXAMPLE_SCHEMA)


_EXAMPLE_KEY = 0x6865616472616365
"""Any constant: examples are picked by it, and nothing else depends on it."""


def _bytes(batch: pa.RecordBatch) -> int:
    return int(np.sum(batch.column("bytes").to_numpy()))


@contextmanager
def _writer(path: Path, schema: pa.Schema) -> Iterator[pa.ipc.RecordBatchFileWriter]:
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        yield writer


def _write_table(path: Path, table: pa.Table) -> None:
    with _writer(path, table.schema) as writer:
        writer.write_table(table)
