import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pytest

from headrace.pipeline.arrow_files import table_writer, write_table
from headrace.pipeline.engine.runner import Phase, run
from headrace.pipeline.engine.tasks import make_task
from headrace.pipeline.executors.local import LocalExecutor
from headrace.pipeline.kernels.warmup import compile_all
from headrace.pipeline.measured import SCORES
from headrace.pipeline.population import DECISION_SCHEMA, RECORDS, Population, write_decisions

SCHEMA = pa.schema(
    [
        ("number", pa.uint64()),
        ("url", pa.large_string()),
        ("meta", pa.large_string()),
        ("text", pa.large_string()),
    ]
)


@dataclass(frozen=True)
class Records:
    """Stands for the phase that reads: writes records `first`, `first + 1`, ..., with their scores, some of them dead.

    Records that are no texts are dictionaries with `text`, `url`, `meta` and `score`, none of which need be there.
    """

    version: ClassVar[int] = 1
    first: int
    records: tuple[Any, ...]
    dead: tuple[int, ...]

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        rows = [
            {
                "number": self.first + index,
                "url": record.get("url"),
                "meta": json.dumps(record.get("meta", {})),
                "text": record.get("text", ""),
                "score": record.get("score"),
            }
            for index, record in enumerate(self.records)
        ]
        with table_writer(folder / RECORDS, SCHEMA) as writer:
            for start in range(0, len(rows), 50):
                writer.write_batch(pa.RecordBatch.from_pylist(rows[start : start + 50], SCHEMA))
        scores = {"number": pa.array([row["number"] for row in rows], pa.uint64())}
        if any(row["score"] is not None for row in rows):
            scores["quality.words"] = pa.array([row["score"] for row in rows], pa.float64())
        write_table(folder / SCORES, pa.table(scores))
        write_decisions(folder, pa.Table.from_pylist([{"number": each} for each in self.dead], DECISION_SCHEMA), None)
        return {"records": len(self.records)}


@dataclass(frozen=True)
class Deduplicated:
    """What a dedup stage decided: dropped record -> (survivor, similarity); and its tasks' results by phase."""

    dropped: Mapping[int, tuple[int, float]]
    results: Mapping[str, Any]
    root: Path


@pytest.fixture(scope="session")
def deduplicate(tmp_path_factory: pytest.TempPathFactory, unsynced: None) -> Any:
    """Runs a dedup stage over texts, cut into splits; `size` is what the plan takes for their bytes."""
    compile_all()

    def deduplicate(
        stage: Any, texts: Sequence[Any], cuts: Any = (), size: int = 0, dead: Any = (), sources: Any = None
    ) -> Deduplicated:
        root = tmp_path_factory.mktemp("dedup")
        bounds = [0, *sorted(min(cut, len(texts)) for cut in cuts), len(texts)]
        records = [{"text": each} if isinstance(each, str) else each for each in texts]
        splits = [
            Records(a, tuple(records[a:b]), tuple(each for each in dead if a <= each < b)) for a, b in pairwise(bounds)
        ]
        tasks = [make_task("curate", index, split) for index, split in enumerate(splits)]
        starts = tuple(split.first for split in splits)
        names = tuple(f"{source}/f" for source in sources or ["s"] * len(splits))
        population = Population(len(splits), starts, names, size, "curate", "text").after("curate")
        steps = stage.steps("near", population)
        phases = [Phase("curate", lambda results: tasks, len(tasks)), *steps.phases]
        results = run(phases, root, LocalExecutor(1), lambda phase, result: None)
        decided = population.after(steps.decides.name, on_all=True)
        views = [decided.view(split, results) for split in range(len(splits))]
        rows = [row for view in views for row in view.decided[-1].read(root).to_pylist()]
        dropped = {row["number"]: (row["survivor"], row["value"]) for row in rows}
        assert len(dropped) == len(rows)
        assert all((row["stage"], row["fate"], row["reason"]) == ("near", "dropped", "duplicate") for row in rows)
        return Deduplicated(dropped, results, root)

    return deduplicate
