"""Alternating rounds: all contestants do the work once, then all of them again, each in a process of its own."""

import importlib
import statistics
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from headrace.shards.base.progress import progress

from .harness import Benchmark, Contestant, Setting
from .machine import Disturbance
from .process import Process

SAME_WORK = 0.05
"""By how much the amounts of work of two contestants may differ."""


@dataclass(frozen=True)
class Result:
    """What was measured of one contestant.

    Args:
        contestant: Who.
        python: Its version.
        versions: Of the packages in its environment.
        seconds: Of each counted round, for `amount` of work.
        amount: The median round's, in the benchmark's unit.
        memory_mb: Peak over bare Python, of its process alone.
        facts: What it says besides.
    """

    contestant: Contestant
    python: str
    versions: Mapping[str, str]
    seconds: tuple[float, ...]
    amount: float
    memory_mb: float
    facts: Mapping[str, str | int | float]

    @property
    def per_unit(self) -> float:
        """Seconds for a unit of work: the median over the rounds."""
        return statistics.median(self.seconds) / self.amount


@dataclass(frozen=True)
class Outcome:
    """A benchmark's results, in the order of its contestants.

    Args:
        name: Of its module.
        benchmark: What was run.
        description: The module's docstring.
        results: One per contestant.
        disturbance: Which share of the time of all cores other processes used meanwhile.
    """

    name: str
    benchmark: Benchmark
    description: str
    results: tuple[Result, ...]
    disturbance: float


def load(name: str) -> tuple[Benchmark, str]:
    """The benchmark of a module of this package, and the module's docstring."""
    module = importlib.import_module(f".{name}", __package__)
    benchmark: Benchmark = module.BENCHMARK
    return benchmark, module.__doc__ or ""


def measure(name: str, cache: Path, corpus: Path, rounds: int, small: bool) -> Outcome:
    """Run one benchmark.

    Args:
        name: Its module's.
        cache: Where the peers' environments are.
        corpus: Where the pages of `benchmarks.corpora` are.
        rounds: Counted ones, after those to warm up.
        small: Use the small data.

    Raises:
        FileNotFoundError: An environment was not made.
        RuntimeError: A contestant failed or hangs, or contestants did different amounts of work.
    """
    benchmark, description = load(name)
    with TemporaryDirectory(prefix="headrace-benchmark-") as scratch:
        benchmark.prepare(Setting(Path(scratch), small, corpus))
        watch = Disturbance()
        results = _alternate(name, benchmark, Path(scratch), cache, rounds)
        disturbance = watch.share()
    _check_same_work(benchmark, results)
    return Outcome(name, benchmark, description, results, disturbance)


def _alternate(name: str, benchmark: Benchmark, folder: Path, cache: Path, rounds: int) -> tuple[Result, ...]:
    entrants = benchmark.contestants
    with ExitStack() as stack, progress(name, len(entrants) * (benchmark.warm_up + rounds)) as advance:

        def started(entrant: Contestant) -> Process:
            return stack.enter_context(Process(name, entrant, folder, cache))

        running = {entrant: started(entrant) for entrant in entrants}
        about = {entrant: process.about for entrant, process in running.items()}
        answers: dict[Contestant, list[dict[str, Any]]] = {entrant: [] for entrant in entrants}
        for number in range(benchmark.warm_up + rounds):
            for entrant in entrants:
                if benchmark.fresh and number:
                    running[entrant] = started(entrant)
                answers[entrant].append(running[entrant].round())
                if benchmark.fresh:
                    running[entrant].close()
                advance(note=entrant.name)
    return tuple(_result(entrant, about[entrant], answers[entrant][benchmark.warm_up :]) for entrant in entrants)


def _result(contestant: Contestant, about: Mapping[str, Any], answers: Sequence[Mapping[str, Any]]) -> Result:
    amount = statistics.median(answer["amount"] for answer in answers)
    return Result(
        contestant=contestant,
        python=about["python"],
        versions=about["versions"],
        seconds=tuple(answer["seconds"] * amount / answer["amount"] for answer in answers),
        amount=amount,
        memory_mb=statistics.median(answer["memory_mb"] for answer in answers),
        facts=answers[-1]["facts"],
    )


def _check_same_work(benchmark: Benchmark, results: Sequence[Result]) -> None:
    first = results[0]
    for result in results:
        if abs(result.amount - first.amount) > SAME_WORK * first.amount:
            raise RuntimeError(
                f"{benchmark.title}: {result.contestant.name} did {result.amount:g} {benchmark.unit}, "
                f"{first.contestant.name} did {first.amount:g}: these cannot be compared"
            )
