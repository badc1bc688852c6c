"""How long a user waits for help: every command's `--help`, from typing it to the end of its process.

The first row is an interpreter that does nothing. None may take over 400 ms.
"""

import subprocess
import sys
from functools import partial
from pathlib import Path

from .harness import OURS, Benchmark, Contestant, Done, Timed

COMMANDS = ("", "build", "explain", "warmup", "filters", "filters list", "filters check", "verify", "stream", "report",
            "demo", "train", "eval")  # fmt: skip


def headrace(command: str, _: Path) -> Timed:
    return _run([str(Path(sys.executable).with_name("headrace")), *command.split(), "--help"])


def bare_python(_: Path) -> Timed:
    return _run([sys.executable, "-c", "pass"])


def _run(command: list[str]) -> Timed:
    def run() -> Done:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return Done(1)

    return run


BENCHMARK = Benchmark(
    title="Help",
    unit="calls",
    prepare=lambda setting: None,
    contestants=(
        Contestant("python -c pass", OURS, bare_python),
        *(Contestant(f"headrace {each} --help".replace("  ", " "), OURS, partial(headrace, each)) for each in COMMANDS),
    ),
    one_core=False,
)
