"""The runner: phases one after the other, tasks that are done already skipped."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from headrace.shards.base.progress import progress

from ..executors.base import Executor
from .fingerprint import fingerprint
from .one_heap import give_back
from .tasks import Done, Task, finished, remove_leftovers, remove_old_phases


@dataclass(frozen=True)
class PhaseResult:
    """What a phase left: its tasks' results in the order of its tasks, and a fingerprint over all of them."""

    done: tuple[Done, ...]
    fingerprint: str
    ran: int
    """How many tasks were run now; the rest had been done before."""


Results = Mapping[str, PhaseResult]


@dataclass(frozen=True)
class Phase:
    """A set of tasks that can run at once, after every earlier phase.

    Args:
        name: What it does; the folder of its tasks.
        tasks: Makes its tasks from the results of the phases before (their counts decide how many there are).
        expected_tasks: How many there will be, as far as is known before anything runs.
        memory: Estimated bytes of memory per task.
        disk: Estimated bytes that the phase writes.
        rate: Input bytes that one worker handles per second, estimated; 0 for work that takes no time.
    """

    name: str
    tasks: Callable[[Results], Sequence[Task]]
    expected_tasks: int
    memory: int = 64 << 20
    disk: int = 0
    rate: float = 0


Check = Callable[[Phase, PhaseResult], None]


def run(phases: Sequence[Phase], root: Path, executor: Executor, check: Check) -> dict[str, PhaseResult]:
    """Run the phases; `check` looks at each result and raises to stop the build.

    What phases of an older plan left is removed at the end.

    Raises:
        HeadraceError: A task failed or the check refused; everything finished is kept.
    """
    results: dict[str, PhaseResult] = {}
    for phase in phases:
        results[phase.name] = _run_phase(phase, results, root, executor)
        give_back()
        check(phase, results[phase.name])
    remove_old_phases(root, set(results))
    return results


def _run_phase(phase: Phase, results: Results, root: Path, executor: Executor) -> PhaseResult:
    tasks = phase.tasks(results)
    remove_leftovers(root, phase.name, {task.name for task in tasks})
    known = {task.name: done for task in tasks if (done := finished(root, task))}
    # The heaviest first, lest one worker is left with it at the end.
    missing = sorted((task for task in tasks if task.name not in known), key=lambda task: -task.weight)
    if missing:
        weights = {task.name: task.weight for task in missing}
        with progress(phase.name, total=sum(weights.values()), counted=False) as advance:
            for done in executor.run(root, missing):
                known[done.name] = done
                advance(weights[done.name])
    in_order = tuple(known[task.name] for task in tasks)
    return PhaseResult(in_order, fingerprint([each.fingerprint for each in in_order]), len(missing))
