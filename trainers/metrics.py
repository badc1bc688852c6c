"""The metrics of a run: one JSON object a line, in RUN/metrics.jsonl."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from headrace.shards.format.atomic import write_whole

FILE = "metrics.jsonl"

Item = TypeVar("Item")


class MetricsLog:
    """Appends lines, having first dropped those of steps that a continued run will take again.

    Args:
        folder: RUN.
        step: The step that was restored; lines of later ones were written by a run that was killed.
    """

    def __init__(self, folder: Path, step: int) -> None:
        self._path = folder / FILE
        kept = [line for line in read_metrics(folder) if line["step"] <= step]
        write_whole(self._path, "".join(map(_line, kept)).encode())

    def write(self, values: Mapping[str, float]) -> None:
        """Append a line; it is in the file when this returns."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(_line(values))


def read_metrics(folder: Path) -> list[dict[str, float]]:
    """The lines of a run, oldest first; a last line that a kill cut short is left out."""
    path = folder / FILE
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


class Throughput:
    """How fast batches went by, and how long the loop waited for them.

    Args:
        samples: Of a global batch.
        tokens: Of a sample.
    """

    def __init__(self, samples: int, tokens: int) -> None:
        self._samples, self._tokens = samples, tokens
        self._restart()

    def watched(self, batches: Iterable[Item]) -> Iterator[Item]:
        """The batches, each counted, and the wait for it timed."""
        rest = iter(batches)
        while True:
            asked = time.perf_counter()
            try:
                batch = next(rest)
            except StopIteration:
                return
            self._waited += time.perf_counter() - asked
            self._batches += 1
            yield batch

    def lap(self) -> dict[str, float]:
        """Samples and tokens per second, and the share of time spent waiting for data, since the last lap."""
        seconds = max(time.perf_counter() - self._began, 1e-9)
        samples, waited = self._batches * self._samples / seconds, self._waited / seconds
        self._restart()
        return {"samples_per_s": samples, "tokens_per_s": samples * self._tokens, "data_wait": waited}

    def _restart(self) -> None:
        self._began, self._waited, self._batches = time.perf_counter(), 0.0, 0


def _line(values: Mapping[str, float]) -> str:
    return json.dumps(values) + "\n"
