"""Segments: runs of fused stages, each as the phases that score by it, count for it, and decide on it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .counting.phases import counting_phases
from .curate import Decide, ReadAndScore, ScoreAgain
from .engine.runner import Phase, Results
from .engine.tasks import Task, make_task, task_name
from .inputs import Split
from .plan_tools import of_split
from .population import Population
from .recipe import Stage
from .records import BATCH_BYTES


@dataclass(frozen=True)
class Segment:
    """A run of fused stages.

    Args:
        phases: In order.
        measures: The names of those that measured records, the one that saw all of them first.
        decides: The name of the one that decided, and chose examples.
        leaves: The records that are alive behind it.
    """

    phases: tuple[Phase, ...]
    measures: tuple[str, ...]
    decides: str
    leaves: Population


def first_segment(stages: tuple[Stage, ...], population: Population, splits: Sequence[Split]) -> Segment:
    """The stages before the first dedup: they read, and write the records."""
    parts = Counter(split.file.ordinal for split in splits)
    measuring = tuple(stage.measuring() for stage in stages)
    tasks = [
        make_task(
            population.records,
            split.index,
            ReadAndScore(split, measuring, population.payload),
            # Spans are in units of their reader's own: rows, bytes once decompressed, ...
            weight=max(1, split.file.size // parts[split.file.ordinal]),
        )
        for split in splits
    ]
    # Raw and extracted payload of a batch, and what the stages make of it.
    scores = Phase(population.records, lambda results: tasks, len(tasks), 8 * BATCH_BYTES, population.bytes, rate=4e6)
    counting = counting_phases(stages, scores.name, population, population.payload)
    written = replace(population, waited=counting.go_on)
    decides = _decides("decide", stages, (scores.name, *counting.go_on), written)
    phases = (scores, *counting.phases, decides)
    return Segment(phases, (scores.name, *counting.go_on), decides.name, written.after(decides.name))


def later_segment(number: int, stages: tuple[Stage, ...], population: Population) -> Segment:
    """Stages behind a dedup; `number` counts the segments from 1."""
    measuring = tuple(stage.measuring() for stage in stages)
    name = f"filter-{number}"

    def tasks(results: Results) -> list[Task]:
        return [
            make_task(
                name,
                split,
                ScoreAgain(population.view(split, results), measuring),
                of_split(results, population, split),
            )
            for split in range(population.splits)
        ]

    scores = Phase(name, tasks, population.splits, 4 * BATCH_BYTES, population.bytes // 100, rate=20e6)
    counting = counting_phases(stages, name, population, "")
    measures = (name, *counting.go_on)
    decides = _decides(f"decide-{number}", stages, measures, population)
    leaves = population.measured_by(measures).after(decides.name)
    return Segment((scores, *counting.phases, decides), measures, decides.name, leaves)


def _decides(name: str, stages: tuple[Stage, ...], measures: tuple[str, ...], population: Population) -> Phase:
    def tasks(results: Results) -> list[Task]:
        return [
            make_task(
                name,
                split,
                Decide(population.view(split, results), tuple(task_name(each, split) for each in measures), stages),
                [
                    *of_split(results, population, split),
                    *(results[each].done[split].fingerprint for each in measures),
                ],
            )
            for split in range(population.splits)
        ]

    return Phase(name, tasks, population.splits)
