"""The metrics of a run: one JSON object a line, in RUN/metrics.jsonl."""

import json
from collections.abc import Mapping
from pathlib import Path

from headrace.shards.format.atomic import write_whole
from headrace.shards.stream.delivery.stalls import Waits

FILE = "metrics.jsonl"
WAIT = "wait_"
"""What the names begin with under which a line holds the share of time that was waited, by cause."""


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


def rates(waits: Waits, samples: int, tokens: int) -> dict[str, float]:
    """How fast batches went by, and which share of the time the loop waited for them, in all and by cause.

    Args:
        waits: What the loader measured.
        samples: Of a global batch.
        tokens: Of a sample.
    """
    per_second = waits.batches * samples / max(waits.seconds, 1e-9)
    by_cause = {f"{WAIT}{cause}": share for cause, share in waits.shares().items()}
    return {
        "samples_per_s": per_second,
        "tokens_per_s": per_second * tokens,
        "data_wait": waits.stalled,
        **by_cause,
    }


def _line(values: Mapping[str, float]) -> str:
    return json.dumps(values) + "\n"
