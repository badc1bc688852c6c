"""The contract of an executor: run a phase's tasks, in any order, anywhere."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from ..engine.tasks import Done, Task


class Executor(Protocol):
    """Runs tasks by calling `tasks.execute` on each, once, and knows nothing of what they do."""

    def run(self, root: Path, tasks: Sequence[Task]) -> Iterator[Done]:
        """Results as they come, in any order; the first error ends it."""

    def close(self) -> None:
        """End every process it started, at once: nothing half-written stays."""
