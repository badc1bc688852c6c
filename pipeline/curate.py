"""The map tasks: read and score what comes from outside, decide on it, and filter again what a dedup stage left.

Scoring is the work; deciding is cheap and a task of its own. What a filter's bounds are enters the deciding task alone,
so that a build with other bounds reads, extracts and measures nothing again.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from .arrow_files import table_writer, write_table
from .contracts.returned import check_read
from .decide import decide
from .examples import EXAMPLES, choose_examples
from .inputs import Split
from .measured import EVIDENCE, FIXED, SCORES, Measured, read_all, read_columns
from .population import RECORDS, View, stored_schema, write_decisions
from .readers.base import Reader
from .recipe import Stage
from .records import numbers
from .stages import score

READ = "read.arrow"

READ_SCHEMA = pa.schema(
    [("number", pa.uint64()), ("url", pa.large_string()), ("meta", pa.large_string()), ("bytes", pa.uint64())]
)


@dataclass(frozen=True)
class ReadAndScore:
    """Read one split and apply the stages before the first dedup stage; drops nothing but what fails.

    Args:
        split: What to read.
        stages: Extractors and filters, in the recipe's order, without the bounds that shape no measure.
        payload: The payload column at their end.

    Writes `records.arrow` (every record that could be read and judged, and waits for no count), `read.arrow` (number,
    url, meta and bytes of every record), and what was measured of them: see `Measured`.
    """

    version: ClassVar[int] = 3
    split: Split
    stages: tuple[Stage, ...]
    payload: str

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        schema = stored_schema(self.payload)
        totals = Counter[str]()
        measured = Measured(folder)
        with table_writer(folder / RECORDS, schema) as records, table_writer(folder / READ, READ_SCHEMA) as read:
            for batch in self._batches():
                scored = score(self.stages, batch)
                read.write_batch(batch.select(READ_SCHEMA.names))
                records.write_batch(scored.batch.records.select(schema.names))
                measured.add(batch, scored)
                totals.update(records=batch.num_rows, bytes=int(np.sum(batch.column("bytes").to_numpy())))
        return {"records": totals["records"], "bytes": totals["bytes"], **measured.write()}

    def _batches(self) -> Iterator[pa.RecordBatch]:
        file, last = self.split.file, -1
        reader: Reader = file.reader.load()
        with reader.open(file.url) as opened:
            for batch in reader.read(opened, self.split.span):
                last = check_read(file.reader.name, reader, batch, last)
                number = numbers(file.ordinal, batch.column("position").to_numpy())
                yield batch.drop_columns(["position"]).add_column(0, "number", pa.array(number))


@dataclass(frozen=True)
class ScoreAgain:
    """Score what a dedup stage left of a split; the records stay where they are."""

    version: ClassVar[int] = 3
    view: View
    stages: tuple[Stage, ...]

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        measured, records = Measured(folder), 0
        for batch in self.view.batches(root):
            records += batch.num_rows
            measured.add(batch, score(self.stages, batch))
        return {"records": records, **measured.write()}


@dataclass(frozen=True)
class Decide:
    """Decide on one split's records from what was measured of them, and choose examples.

    Args:
        view: The records.
        scored: The tasks that scored them, the one that knows all of them first.
        stages: As there, with the bounds that count.
    """

    version: ClassVar[int] = 2
    view: View
    scored: tuple[str, ...]
    stages: tuple[Stage, ...]

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        table = read_columns(root, self.scored, SCORES)
        scores = {name: table.column(name).to_numpy() for name in table.column_names if name != "number"}
        evidence: dict[str, dict[int, str]] = {}
        for row in read_all(root, self.scored, EVIDENCE).to_pylist():
            evidence.setdefault(row["stage"], {})[row["number"]] = row["evidence"]
        fixed = read_all(root, self.scored, FIXED)
        decisions = decide(self.stages, table.column("number").to_numpy(), scores, evidence, fixed)
        write_decisions(folder, decisions, None)
        examples = choose_examples(self.stages, self.view.batches(root), table, decisions)
        write_table(folder / EXAMPLES, examples)
        return {"decided": decisions.num_rows}
