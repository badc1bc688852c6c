"""The phases of counting: for each stage of a fused run that counts, the count, and then what waited for it goes on."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..engine import exchange
from ..engine.runner import Phase, Results
from ..engine.tasks import Task, make_task, task_name
from ..filters.base import CountingFilter
from ..population import Population
from ..recipe import Stage
from ..records import BATCH_BYTES
from .count import Count
from .go_on import GoOn

PAIR_BYTES = 16

WAITING = 100
"""One byte in so many waits, for a plan's estimates: what is frequent is rare, and what is protected rarer."""


@dataclass(frozen=True)
class Counting:
    """The phases that stages add by which of them count.

    Args:
        phases: In order.
        go_on: Those of them that measured the records that had waited.
    """

    phases: tuple[Phase, ...]
    go_on: tuple[str, ...]


def counting_phases(stages: Sequence[Stage], scored: str, population: Population, payload: str) -> Counting:
    """The phases behind the one that scored.

    A record that waited at one stage may wait at a later one: each count takes what all phases before it found, and
    each stage that counts lets go on what waited there in all of them.

    Args:
        stages: A fused run of stages, with the bounds that count.
        scored: The phase that scored by them.
        population: The records; of them, this takes the splits and their size.
        payload: The payload column at their end; "" where the records stay as they were written.
    """
    phases: list[Phase] = []
    sources = [scored]
    for place, stage in enumerate(stages):
        plugin = stage.plugin.load()
        if isinstance(plugin, CountingFilter) and plugin.most is not None:
            rest = tuple(each.measuring() for each in stages[place:])
            count = _count(stage.label, tuple(sources), plugin.most, population)
            phases += [count, _go_on(rest, tuple(sources), count.name, population, payload)]
            sources.append(phases[-1].name)
    return Counting(tuple(phases), tuple(sources[1:]))


def frequent_tasks(label: str, results: Results) -> list[str]:
    """The names of the tasks that counted for a stage."""
    return [done.name for done in results[count_name(label)].done]


def count_name(label: str) -> str:
    """The name of a stage's counting phase."""
    return f"{label}.count"


def _count(label: str, sources: tuple[str, ...], most: int, population: Population) -> Phase:
    def tasks(results: Results) -> list[Task]:
        found = [(phase, results[phase]) for phase in sources]
        pairs = sum(done.stats["pairs"].get(label, 0) for _, result in found for done in result.done)
        partitions = exchange.partitions_for(PAIR_BYTES * pairs)
        counted = tuple((phase, len(result.done)) for phase, result in found)
        after = [result.fingerprint for _, result in found]
        return [
            make_task(count_name(label), index, Count(label, counted, index, partitions, most), after)
            for index in range(partitions)
        ]

    return Phase(count_name(label), tasks, 1, 4 * exchange.PARTITION_BYTES, population.bytes // (10 * WAITING))


def _go_on(
    stages: tuple[Stage, ...], sources: tuple[str, ...], count: str, population: Population, payload: str
) -> Phase:
    name = f"{stages[0].label}.go-on"

    def tasks(results: Results) -> list[Task]:
        counted = tuple(done.name for done in results[count].done)
        # What was found to be frequent, not by which numbers: as long as it stays the same, so does all that follows.
        frequent = [done.stats["digest"] for done in results[count].done]
        return [
            make_task(
                name,
                split,
                GoOn(tuple(task_name(phase, split) for phase in sources), counted, stages, payload),
                [*(results[phase].done[split].fingerprint for phase in sources), *frequent],
            )
            for split in range(population.splits)
        ]

    return Phase(name, tasks, population.splits, 4 * BATCH_BYTES, population.bytes // WAITING, 20e6 * WAITING)
