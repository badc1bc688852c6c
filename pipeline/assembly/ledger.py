"""The ledger: the fate of every input record, one Parquet file per split.

| column                                | what                                                                      |
|---------------------------------------|---------------------------------------------------------------------------|
| `id`, `source`, `url`, `meta`, `bytes`| the record as it was read; `meta` is JSON                                 |
| `fate`                                | kept, dropped or failed: exactly one                                      |
| `shard`, `row`                        | where a kept record lies                                                  |
| `stage`, `reason`                     | what dropped or failed it                                                 |
| `value`, `threshold`                  | what was measured, and the bound it broke; a duplicate's is its similarity|
| `survivor`, `survivor_source`         | of a duplicate: the record that stays                                     |
| `evidence`                            | JSON: whatever else the stage says (benchmark, item, span, ...)           |
| `edits`                               | JSON: what each stage corrected in the record, in order                   |
| `note.<name>`                         | what filters noted in the record's meta (its language, ...)               |
| `score.<stage>.<measure>`             | everything that was measured, dropped or not                              |
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from headrace.shards.base.errors import BuildError

from ..arrow_files import read_table
from ..curate import READ
from ..engine import exchange
from ..engine.tasks import task_name
from ..measured import NOTES, SCORES, read_columns, read_edits, spread
from ..population import View
from ..records import record_id, split_number
from .shards import PLACES

LEDGER = "ledger.parquet"
LANGUAGE = "note.language"
"""What a language filter notes; the report tells languages apart by it."""


@dataclass(frozen=True)
class WriteLedger:
    """Join everything decided about a split's records, and check that each has exactly one fate.

    Args:
        split: The split's index.
        view: Its records and every decision on them.
        shards: The phase that wrote the shards, and how many there are.
        names: The name and source of each input, by ordinal.
    """

    version: ClassVar[int] = 3
    split: int
    view: View
    shards: tuple[str, int]
    names: tuple[tuple[str, str], ...]

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it.

        Raises:
            BuildError: A record has no fate, or two: the build would lose or double it.
        """
        records = read_table(root / self.view.records / READ)
        number = records.column("number").to_numpy()
        decisions = pa.concat_tables([each.read(root) for each in self.view.decided])
        phase, count = self.shards
        paths = [root / task_name(phase, index) / PLACES for index in range(count)]
        places = exchange.read(paths, self.split) if paths else _NO_PLACES
        self._conserve(number, decisions.column("number").to_numpy(), places.column("number").to_numpy())

        columns = {"id": self._ids(number), "source": self._sources(number)}
        columns |= {name: records.column(name) for name in ("url", "meta", "bytes")}
        columns["fate"] = spread(number, decisions, "fate").fill_null("kept")
        columns |= {name: spread(number, places, name) for name in ("shard", "row")}
        columns |= {name: spread(number, decisions, name) for name in ("stage", "reason", "value", "threshold")}
        survivor = spread(number, decisions, "survivor")
        columns["survivor"] = self._ids_or_null(survivor)
        columns["survivor_source"] = pa.array(
            [None if each is None else self.names[split_number(each)[0]][1] for each in survivor.to_pylist()],
            pa.large_string(),
        )
        columns["evidence"] = spread(number, decisions, "evidence")
        columns["edits"] = spread(number, read_edits(root, self.view.measured), "edits")
        for file, prefix in ((NOTES, "note"), (SCORES, "score")):
            found = read_columns(root, self.view.measured, file)
            named = [name for name in found.column_names if name != "number"]
            columns |= {f"{prefix}.{name}": spread(number, found, name) for name in named}
        table = pa.table(columns)
        pq.write_table(table, folder / LEDGER, compression="zstd", store_schema=False)
        return {"funnel": _funnel(table)}

    def _conserve(self, read: Any, decided: Any, placed: Any) -> None:
        fates = np.concatenate([decided, placed])
        if len(fates) == len(read) and np.array_equal(np.sort(fates), np.sort(read)):
            return
        twice = [record for record, times in Counter(fates.tolist()).items() if times > 1]
        lost = np.setdiff1d(read, fates).tolist()
        raise BuildError(
            "the build does not add up: in = kept + dropped + failed does not hold",
            found=f"{len(read)} read, {len(placed)} kept, {len(decided)} dropped or failed; "
            f"without a fate: {[self._id(each) for each in lost[:3]]}, with two: {[self._id(e) for e in twice[:3]]}",
            remedy="This is a mistake of a stage or of ours, not of the data: please report it with the recipe",
        )

    def _id(self, number: int) -> str:
        ordinal, position = split_number(number)
        return record_id(self.names[ordinal][0], position)

    def _ids(self, numbers: Any) -> pa.Array:
        return pa.array([self._id(each) for each in numbers.tolist()], pa.large_string())

    def _ids_or_null(self, numbers: pa.Array) -> pa.Array:
        found = [None if each is None else self._id(each) for each in numbers.to_pylist()]
        return pa.array(found, pa.large_string())

    def _sources(self, numbers: Any) -> pa.Array:
        return pa.array([self.names[split_number(each)[0]][1] for each in numbers.tolist()], pa.large_string())


_NO_PLACES = pa.table(
    {"number": pa.array([], pa.uint64()), "shard": pa.array([], pa.uint32()), "row": pa.array([], pa.uint32())}
)


def _funnel(table: pa.Table) -> list[list[Any]]:
    """Records and bytes by (source, language, fate, stage, reason)."""
    if LANGUAGE not in table.column_names:
        table = table.append_column(LANGUAGE, pa.nulls(table.num_rows, pa.large_string()))
    keys = ["source", LANGUAGE, "fate", "stage", "reason"]
    grouped = table.group_by(keys).aggregate([("bytes", "count"), ("bytes", "sum")])
    rows = zip(*(grouped.column(name).to_pylist() for name in (*keys, "bytes_count", "bytes_sum")), strict=True)
    return sorted(([*row] for row in rows), key=str)
