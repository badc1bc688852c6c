"""A contestant's process: it prepares once, then does the work once for every line on its standard input.

    python -m benchmarks.worker BENCHMARK CONTESTANT FOLDER

It answers each line, and first of all its start, with a line of JSON. Only the standard library, as `harness`.
"""

import gc
import importlib
import json
import os
import platform
import sys
import time
from collections.abc import Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from .harness import Benchmark, Timed

LEAST_SECONDS = 0.5
"""A round calls what is shorter again until so much time is over, and divides."""


def main() -> None:
    """Serve rounds until the standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints must not be taken for an answer

    def answer(content: Mapping[str, Any]) -> None:
        print(json.dumps(content), file=answers, flush=True)

    name, contestant, folder = sys.argv[1:]
    benchmark: Benchmark = importlib.import_module(f".{name}", __package__).BENCHMARK
    entrant = benchmark.contestant(contestant)
    if benchmark.one_core or entrant.one_core:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    bare = _memory("VmRSS")
    timed = entrant.setup(Path(folder))
    versions = {each.metadata["Name"].lower(): each.version for each in distributions()}
    answer({"python": platform.python_version(), "versions": versions})
    for _ in sys.stdin:
        measured = _round(timed, 0.0 if benchmark.fresh else LEAST_SECONDS)
        answer({**measured, "memory_mb": (_memory("VmHWM") - bare) / 1e6})


def _round(timed: Timed, least: float) -> dict[str, Any]:
    """Seconds and amount of work of one call, the mean of as many as fill `least` seconds."""
    gc.collect()
    calls, amount = 0, 0.0
    start = time.perf_counter()
    while True:
        done = timed()
        elapsed = time.perf_counter() - start
        calls += 1
        amount += done.amount
        if elapsed >= least:
            return {"seconds": elapsed / calls, "amount": amount / calls, "facts": done.told()}


def _memory(field: str) -> int:
    """Bytes of this process: VmRSS is resident now, VmHWM is the most that ever was."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"/proc/self/status has no {field}")


if __name__ == "__main__":
    main()
