"""Going on: the records that waited at a stage are judged by it, now that it is known what is frequent, and go on."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ..arrow_files import table_writer
from ..measured import Measured
from ..population import RECORDS, stored_schema
from ..recipe import Stage
from ..stages import score
from .count import frequent_keys
from .held import held_file, read_held


@dataclass(frozen=True)
class GoOn:
    """Apply the stages from one that counts on to the records of a split that waited there.

    Args:
        held: The tasks in which they waited.
        counted: The tasks that counted.
        stages: The stage that counts, and those behind it.
        payload: The payload column at their end; "" where the records stay as they were written.

    Writes what the scoring task writes of its own records: `records.arrow`, and what was measured.
    """

    version: ClassVar[int] = 1
    held: tuple[str, ...]
    counted: tuple[str, ...]
    stages: tuple[Stage, ...]
    payload: str

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        measured, records = Measured(folder), 0
        frequent = frequent_keys(root, self.counted)
        schema = stored_schema(self.payload) if self.payload else None
        with table_writer(folder / RECORDS, schema) if schema else nullcontext() as written:
            for task in self.held:
                for batch in read_held(root / task / held_file(self.stages[0].label)):
                    records += batch.num_rows
                    scored = score(self.stages, batch, frequent)
                    measured.add(batch, scored)
                    if schema and written:
                        written.write_batch(scored.batch.records.select(schema.names))
        return {"records": records, **measured.write()}
