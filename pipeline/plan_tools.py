"""What the makers of phases share: merging exchanges, and the fingerprints of what a task reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from .engine import exchange
from .engine.runner import Phase, Results
from .engine.tasks import Task, make_task, task_name
from .population import Population


def merged(phase: Phase, file: str) -> tuple[list[Phase], str, int]:
    """A phase that writes an exchange, with a round of merging behind it where it has many tasks.

    Returns:
        The phases, and the name and number of tasks of the last of them: what the readers read.
    """
    groups = exchange.merge_groups(phase.expected_tasks)
    if not groups:
        return [phase], phase.name, phase.expected_tasks
    name = f"{phase.name}-merge"

    def tasks(results: Results) -> list[Task]:
        return [
            make_task(
                name,
                index,
                Merge(phase.name, group[0], len(group), file),
                [results[phase.name].fingerprint],
            )
            for index, group in enumerate(groups)
        ]

    return [phase, Phase(name, tasks, len(groups), disk=phase.disk)], name, len(groups)


def fingerprints(results: Results, phases: Sequence[str]) -> list[str]:
    """The fingerprints of the phases on which a task depends as a whole."""
    return [results[phase].fingerprint for phase in phases]


def of_split(results: Results, population: Population, split: int) -> list[str]:
    """The fingerprints of what shapes one split's share of a population: its own tasks, and whole dedup phases."""
    own = [results[phase].done[split].fingerprint for phase in (*population.written, *population.later)]
    for phase, on_all in population.decided:
        own.append(results[phase].fingerprint if on_all else results[phase].done[split].fingerprint)
    return own


@dataclass(frozen=True)
class Merge:
    """Merge the exchange files of a range of tasks into one."""

    version: ClassVar[int] = 1
    phase: str
    first: int
    count: int
    file: str

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        names = [task_name(self.phase, self.first + index) for index in range(self.count)]
        exchange.merge([root / name / self.file for name in names], folder / self.file)
        return {}
