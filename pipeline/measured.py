"""What stages measured of a split's records: what a scoring task leaves, and what several of them left together.

A split's records are scored by one task, those of them that waited for a count over the corpus (`counting/`) by a later
one from the stage on at which they waited, and those that a dedup left by a later one again. No two of them have a say
on the same stage of the same record, so what they left is simply united.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .arrow_files import read_table, write_table
from .counting.held import Held
from .population import DECISION_SCHEMA
from .stages import Scored

SCORES = "scores.arrow"
FIXED = "fixed.arrow"
EVIDENCE = "evidence.arrow"
EDITS = "edits.arrow"
NOTES = "notes.arrow"

EVIDENCE_SCHEMA = pa.schema([("number", pa.uint64()), ("stage", pa.large_string()), ("evidence", pa.large_string())])
EDITS_SCHEMA = pa.schema([("number", pa.uint64()), ("edits", pa.large_string())])


@dataclass
class Measured:
    """Collects what stages measured, batch after batch.

    Writes `scores.arrow` (number, and a column for each `stage.measure`), `fixed.arrow` (decisions that need no
    scores), `evidence.arrow`, `edits.arrow` (number, JSON list), `notes.arrow` (number, a column for each note), and
    what waits (see `Held`).

    Args:
        folder: The task's.
    """

    folder: Path
    scores: list[pa.Table] = field(default_factory=list)
    fixed: list[pa.Table] = field(default_factory=list)
    evidence: list[pa.Table] = field(default_factory=list)
    edits: list[pa.Table] = field(default_factory=list)
    notes: list[pa.Table] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    failed: int = 0
    held: Held = field(init=False)

    def __post_init__(self) -> None:
        """Nothing waits yet."""
        self.held = Held(self.folder)

    def add(self, batch: pa.RecordBatch, scored: Scored) -> None:
        """Take what the stages made of a batch."""
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
        self.held.add(scored.waiting)

    def write(self) -> Mapping[str, Any]:
        """Write it; what the runner and the report look at."""
        nothing = pa.table({"number": pa.array([], pa.uint64())})
        # A batch in which a filter failed on every record lacks its measures.
        write_table(self.folder / SCORES, pa.concat_tables([nothing, *self.scores], promote_options="default"))
        write_table(self.folder / NOTES, pa.concat_tables([nothing, *self.notes], promote_options="default"))
        write_table(self.folder / FIXED, pa.concat_tables([DECISION_SCHEMA.empty_table(), *self.fixed]))
        write_table(self.folder / EVIDENCE, pa.concat_tables([EVIDENCE_SCHEMA.empty_table(), *self.evidence]))
        write_table(self.folder / EDITS, pa.concat_tables([EDITS_SCHEMA.empty_table(), *self.edits]))
        seconds = {label: round(each, 4) for label, each in self.seconds.items()}
        return {"failed": self.failed, "seconds": seconds, **self.held.write()}


def read_all(root: Path, tasks: Sequence[str], file: str) -> pa.Table:
    """The rows that some tasks left in files of one schema (`FIXED`, `EVIDENCE`)."""
    return pa.concat_tables([read_table(root / task / file) for task in tasks])


def read_columns(root: Path, tasks: Sequence[str], file: str) -> pa.Table:
    """The columns that some tasks left (`SCORES`, `NOTES`), by the numbers of the first, which knows every record."""
    first, *later = (read_table(root / task / file).combine_chunks() for task in tasks)
    numbers = first.column("number").to_numpy()
    columns = {name: first.column(name) for name in first.column_names}
    for table in later:
        for name in table.column_names:
            if name != "number":
                own = spread(numbers, table, name)
                columns[name] = pc.coalesce(own, columns[name]) if name in columns else own
    return pa.table(columns)


def read_edits(root: Path, tasks: Sequence[str]) -> pa.Table:
    """What was corrected in records, in EDITS_SCHEMA: each record once, its lists joined in the tasks' order."""
    tables = [table for task in tasks if (table := read_table(root / task / EDITS)).num_rows]
    if len(tables) < 2:
        return tables[0] if tables else EDITS_SCHEMA.empty_table()
    joined: dict[int, list[Any]] = {}
    for row in pa.concat_tables(tables).to_pylist():
        joined.setdefault(row["number"], []).extend(json.loads(row["edits"]))
    rows = [(number, json.dumps(each, ensure_ascii=False)) for number, each in sorted(joined.items())]
    return _rows(rows, EDITS_SCHEMA)


def spread(numbers: NDArray[np.uint64], table: pa.Table, column: str) -> pa.Array:
    """A column of a table that knows some of the numbers, in the order of `numbers`, null for the others."""
    known = table.column("number").to_numpy()
    order = np.argsort(known, kind="stable")
    places = np.searchsorted(known, numbers, sorter=order)
    places = np.minimum(places, max(len(known) - 1, 0))
    hit = known[order[places]] == numbers if len(known) else np.zeros(len(numbers), bool)
    rows = order[places] if len(known) else places
    return table.column(column).combine_chunks().take(pa.array(rows, mask=~hit))


def _rows(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)
