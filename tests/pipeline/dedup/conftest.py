from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pytest

from headrace.pipeline.engine.runner import Phase, run
from headrace.pipeline.engine.tasks import make_task
from headrace.pipeline.executors.local import LocalExecutor
from headrace.pipeline.kernels.warmup import compile_all
from headrace.pipeline.population import DECISION_SCHEMA, RECORDS, Population, write_decisions

SCHEMA = pa.schema([("number", pa.uint64()), ("text", pa.large_string())])


@dataclass(frozen=True)
class Records:
    """Stands for the phase that reads: writes texts as the records `first`, `first + 1`, ..., some of them dead."""

    version: ClassVar[int] = 1
    first: int
    texts: tuple[str, ...]
    dead: tuple[int, ...]

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        with pa.OSFile(str(folder / RECORDS), "wb") as file, pa.ipc.new_file(file, SCHEMA) as writer:
            for start in range(0, len(self.texts), 50):
                texts = self.texts[start : start + 50]
                numbers = range(self.first + start, self.first + start + len(texts))
                writer.write_batch(pa.record_batch([pa.array(numbers, pa.uint64()), list(texts)], schema=SCHEMA))
        write_decisions(folder, pa.Table.from_pylist([{"number": each} for each in self.dead], DECISION_SCHEMA), None)
        return {"records": len(self.texts)}


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

    def deduplicate(stage: Any, texts: list[str], cuts: Any = (), size: int = 0, dead: Any = ()) -> Deduplicated:
        root = tmp_path_factory.mktemp("dedup")
        bounds = [0, *sorted(min(cut, len(texts)) for cut in cuts), len(texts)]
        splits = [
            Records(a, tuple(texts[a:b]), tuple(each for each in dead if a <= each < b)) for a, b in pairwise(bounds)
        ]
        tasks = [make_task("curate", index, split) for index, split in enumerate(splits)]
        starts = tuple(split.first for split in splits)
        population = Population(len(splits), starts, ("s/f",) * len(splits), size, "curate", "text").after("curate")
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
