"""A contestant's process, as seen from the run: started, asked for rounds, stopped."""

import json
import select
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkstemp
from types import TracebackType
from typing import Any, Self

from .environments import python_of
from .harness import ROOT, Contestant

PATIENCE = 900
"""Seconds after which a silent process counts as hung."""


class Process:
    """`worker` in the contestant's environment; a context manager that ends it.

    Args:
        benchmark: The name of its module.
        contestant: Who.
        folder: With the data.
        cache: Where the environments are.

    Raises:
        FileNotFoundError: The environment was not made.
        RuntimeError: It failed, or does not answer; with what it wrote to its standard error.
    """

    def __init__(self, benchmark: str, contestant: Contestant, folder: Path, cache: Path) -> None:
        self._what = f"{benchmark}: {contestant.name}"
        python = python_of(contestant.environment, cache)
        command = [str(python), "-m", f"{__package__}.worker", benchmark, contestant.name, str(folder)]
        descriptor, log = mkstemp(suffix=".log", dir=folder)
        with open(descriptor, "w") as errors:
            self._process = subprocess.Popen(
                command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
            )
        self._log = Path(log)

    def __enter__(self) -> Self:
        try:
            self.about: Mapping[str, Any] = self._answer()
            """`python` is its version, `versions` are those of all its packages."""
        except BaseException:
            self._stop(1)
            raise
        return self

    def round(self) -> dict[str, Any]:
        """Let it do the work once: `seconds`, `amount`, `facts` and `memory_mb`, see `worker`."""
        print(file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], PATIENCE)
        line = self._process.stdout.readline() if readable else ""
        if not line:
            fate = "failed" if readable else f"did not answer within {PATIENCE} s"
            complaint = self._log.read_text().strip()[-2000:] or "it says nothing"
            raise RuntimeError(f"{self._what} {fate}:\n{complaint}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End it; it may already have ended."""
        self._stop(30)

    def _stop(self, patience: float) -> None:
        try:
            # Closes its standard input, upon which it clears up and ends.
            self._process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop(1 if error else 30)
