"""What a benchmark is. Only the standard library: every peer's environment imports this file.

A benchmark's file defines `BENCHMARK` and one function per contestant. That function gets the folder with the data,
prepares whatever is not to be measured (imports, opening, loading) and returns another, which is timed. It is called
in a process of the contestant's own environment, so it imports its library itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "examples" / "demo"

OURS = "headrace"
"""The environment that runs the benchmarks: the one headrace is installed in."""


Facts = Mapping[str, str | int | float]


@dataclass(frozen=True)
class Done:
    """What one timed call did.

    Args:
        amount: How much work, in the benchmark's unit.
        facts: What else is worth publishing (documents kept, ...), or a function that finds it out, called after the
            timing.
    """

    amount: float
    facts: Facts | Callable[[], Facts] = field(default_factory=dict)

    def told(self) -> dict[str, str | int | float]:
        """The facts, now that no clock runs."""
        return dict(self.facts() if callable(self.facts) else self.facts)


Timed = Callable[[], Done]


@dataclass(frozen=True)
class Contestant:
    """One way of doing the work.

    Args:
        name: As in the tables.
        environment: `OURS`, or the name of a file in `peers/` without `.txt`.
        setup: Called once in a process, not timed; returns what is timed.
        one_core: Held to one core, even where its benchmark leaves the others all of them.
    """

    name: str
    environment: str
    setup: Callable[[Path], Timed]
    one_core: bool = False


@dataclass(frozen=True)
class Target:
    """A bound on the ratio of two contestants: of their times, or of a fact of both.

    Args:
        work: What is done, as in the table of targets.
        over: The contestant above the line.
        under: The one below it.
        least: What the ratio must reach.
        most: What it must not exceed.
        fact: Which fact is compared; empty: the time for a unit of work.
        no_worse: Facts in which the one below must be as good as the other, or better.
    """

    work: str
    over: str
    under: str
    least: float = 0.0
    most: float = inf
    fact: str = ""
    no_worse: tuple[str, ...] = ()


@dataclass(frozen=True)
class Setting:
    """What a benchmark's data is made in and from.

    Args:
        folder: Empty; the contestants get it.
        small: Only to try things out.
        corpus: Real pages, see `benchmarks.corpora`.
    """

    folder: Path
    small: bool
    corpus: Path


@dataclass(frozen=True)
class Benchmark:
    """One table; the docstring of its file stands above it.

    Args:
        title: The table's heading.
        unit: What `Done.amount` counts.
        prepare: Writes the data, in our environment.
        contestants: The first one is what the others are compared with.
        one_core: Every contestant is held to one and the same core.
        targets: What is to be reached.
        warm_up: Rounds that are not counted; where each round starts commands of its own, there is nothing to warm up.
        fresh: Every round is a new process, timed once: what is measured happens once in a process.
    """

    title: str
    unit: str
    prepare: Callable[[Setting], None]
    contestants: tuple[Contestant, ...]
    targets: tuple[Target, ...] = ()
    warm_up: int = 1
    one_core: bool = True
    fresh: bool = False

    def contestant(self, name: str) -> Contestant:
        """The one of that name."""
        return next(each for each in self.contestants if each.name == name)
