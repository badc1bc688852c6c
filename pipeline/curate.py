"""The map tasks: read and score what comes from outside, decide on it, and filter again what a dedup stage left.

Scoring is the work; deciding is cheap and a task of its own. What a filter's bounds are enters the deciding task alone,
so that a build with other bounds reads, extracts and measures nothing again.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from .arrow_files import read_table, table_writer, write_table
from .contracts.returned import check_read
from .decide import decide
from .examples import EXAMPLES, choose_examples
from .inputs import Split
from .population import DECISION_SCHEMA, RECORDS, View, write_decisions
from .readers.base import Reader
from .recipe import Stage
from .records import PAYLOADS, numbers
from .stages import Scored, score

READ = "read.arrow"
SCORES = "scores.arrow"
FIXED = "fixed.arrow"
EVIDENCE = "evidence.arrow"
EDITS = "edits.arrow"
NOTES = "notes.arrow"

READ_SCHEMA = pa.schema(
    [("number", pa.uint64()), ("url", pa.large_string()), ("meta", pa.large_string()), ("bytes", pa.uint64())]
)
EVIDENCE_SCHEMA = pa.schema([("number", pa.uint64()), ("stage", pa.large_string()), ("evidence", pa.large_string())])
EDITS_SCHEMA = pa.schema([("number", pa.uint64()), ("edits", pa.large_string())])


@dataclass(frozen=True)
class ReadAndScore:
    """Read one split and apply the stages before the first dedup stage; drops nothing but what fails.

    Args:
        split: What to read.
        stages: Extractors and filters, in the recipe's order, without the bounds that shape no measure.
        payload: The payload column at their end.

    Writes `records.arrow` (every record that could be read and judged), `read.arrow` (number, url, meta and bytes of
    every record), and what was measured of them: see `_Measured`.
    """

    version: ClassVar[int] = 2
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
        totals = Counter[str]()
        measured = _Measured()
        with table_writer(folder / RECORDS, schema) as records, table_writer(folder / READ, READ_SCHEMA) as read:
            for batch in self._batches():
                scored = score(self.stages, batch)
                read.write_batch(batch.select(READ_SCHEMA.names))
                records.write_batch(scored.batch.records.select(schema.names))
                measured.add(batch, scored)
                totals.update(records=batch.num_rows, bytes=int(np.sum(batch.column("bytes").to_numpy())))
        measured.write(folder)
        return {"records": totals["records"], "bytes": totals["bytes"], **measured.stats()}

    def _batches(self) -> Iterator[pa.RecordBatch]:
        file, last = self.split.file, -1
        reader: Reader = file.reader.load()
        with reader.open(file.url) as opened:
            for batch in reader.read(opened, self.split.span):
                last = check_read(file.reader.name, reader, batch, last)
                number = numbers(file.ordinal, batch.column("position").to_numpy())
                yield batch.drop_columns(["position"]).add_column(0, "number", pa.array(number))


@dataclass(frozen=True)
class Decide:
    """Decide on one split's records from what was measured of them, and choose examples.

    Args:
        scored: The name of the task that scored them.
        stages: As there, with the bounds that count.
    """

    version: ClassVar[int] = 1
    scored: str
    stages: tuple[Stage, ...]

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        decisions = _decide_on(root / self.scored, self.stages)
        write_decisions(folder, decisions, None)
        batches = View(self.scored, ()).batches(root)
        write_table(
            folder / EXAMPLES, choose_examples(self.stages, batches, read_table(root / self.scored / SCORES), decisions)
        )
        return {"decided": decisions.num_rows}


@dataclass(frozen=True)
class FilterAgain:
    """Score and decide on what a dedup stage left of a split; the records stay where they are."""

    version: ClassVar[int] = 2
    view: View
    stages: tuple[Stage, ...]

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        measured = _Measured()
        records = 0
        for batch in self.view.batches(root):
            records += batch.num_rows
            measured.add(batch, score(self.stages, batch))
        measured.write(folder)
        decisions = _decide_on(folder, self.stages)
        write_decisions(folder, decisions, None)
        batches = self.view.batches(root)
        write_table(folder / EXAMPLES, choose_examples(self.stages, batches, read_table(folder / SCORES), decisions))
        return {"records": records, **measured.stats()}


def _decide_on(folder: Path, stages: Sequence[Stage]) -> pa.Table:
    """The decisions on what a task measured."""
    table = read_table(folder / SCORES)
    scores = {name: table.column(name).to_numpy() for name in table.column_names if name != "number"}
    evidence: dict[str, dict[int, str]] = {}
    for row in read_table(folder / EVIDENCE).to_pylist():
        evidence.setdefault(row["stage"], {})[row["number"]] = row["evidence"]
    return decide(stages, table.column("number").to_numpy(), scores, evidence, read_table(folder / FIXED))


@dataclass
class _Measured:
    """Collects what stages measured, batch after batch.

    Writes `scores.arrow` (number, and a column for each `stage.measure`), `fixed.arrow` (decisions that need no
    scores), `evidence.arrow`, `edits.arrow` (number, JSON list) and `notes.arrow` (number, a column for each note).
    """

    scores: list[pa.Table] = field(default_factory=list)
    fixed: list[pa.Table] = field(default_factory=list)
    evidence: list[pa.Table] = field(default_factory=list)
    edits: list[pa.Table] = field(default_factory=list)
    notes: list[pa.Table] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    failed: int = 0

    def add(self, batch: pa.RecordBatch, scored: Scored) -> None:
        number = batch.column("number")
        # What was not measured is null, so that other tools' means and counts leave it out.
        scores = {name: pa.array(values, from_pandas=True) for name, values in scored.scores.items()}
        self.scores.append(pa.table({"number": number, **scores}))
        self.fixed.append(pa.Table.from_pylist(scored.fixed, DECISION_SCHEMA))
        told = [(record, stage, text) for stage, texts in scored.evidence.items() for record, text in texts.items()]
        self.evidence.append(_rows(told, EVIDENCE_SCHEMA))
        edits = [(record, json.dumps(each, ensure_ascii=False)) for record, each in scored.edits.items()]
        self.edits.append(_rows(edits, EDITS_SCHEMA))
        notes = {
            name: pa.array(map(values.get, number.to_pylist()), pa.large_string())
            for name, values in scored.notes.items()
        }
        self.notes.append(pa.table({"number": number, **notes}))
        for stage, seconds in scored.seconds.items():
            self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
        self.failed += sum(decision["fate"] == "failed" for decision in scored.fixed)

    def write(self, folder: Path) -> None:
        nothing = pa.table({"number": pa.array([], pa.uint64())})
        # A batch in which a filter failed on every record lacks its measures.
        write_table(folder / SCORES, pa.concat_tables([nothing, *self.scores], promote_options="default"))
        write_table(folder / NOTES, pa.concat_tables([nothing, *self.notes], promote_options="default"))
        write_table(folder / FIXED, pa.concat_tables([DECISION_SCHEMA.empty_table(), *self.fixed]))
        write_table(folder / EVIDENCE, pa.concat_tables([EVIDENCE_SCHEMA.empty_table(), *self.evidence]))
        write_table(folder / EDITS, pa.concat_tables([EDITS_SCHEMA.empty_table(), *self.edits]))

    def stats(self) -> Mapping[str, Any]:
        """What the runner and the report look at."""
        return {"failed": self.failed, "seconds": {label: round(each, 4) for label, each in self.seconds.items()}}


def _rows(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)
