"""What a benchmark is. Only the standard library: every peer's environment imports this file.

A benchmark's file defines `BENCHMARK` and one function per contestant. That function gets the folder with the data,
prepares whatever is not to be measured (imports, opening, loading) and returns another, which is timed. It is called
in a process of the contestant's own environment, so it imports its library itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "examples" / "demo"

OURS = "headrace"
"""The environment that runs the benchmarks: the one headrace is installed in."""


@dataclass(frozen=True)
class Done:
    """What one timed call did.

    Args:
        amount: How much work, in the benchmark's unit.
        facts: What else is worth publishing (documents kept, ...).
    """

    amount: float
    facts: Mapping[str, str | int | float] = field(default_factory=dict)


Timed = Callable[[], Done]


@dataclass(frozen=True)
class Contestant:
    """One way of doing the work.

    Args:
        name: As in the tables.
        environment: `OURS`, or the name of a file in `peers/` without `.txt`.
        setup: Called once in a process, not timed; returns what is timed.
    """

    name: str
    environment: str
    setup: Callable[[Path], Timed]


@dataclass(frozen=True)
class Benchmark:
    """One table; the docstring of its file stands above it.

    Args:
        title: The table's heading.
        unit: What `Done.amount` counts.
        prepare: Writes the data into an empty folder, in our environment; `small` asks for a size to try things out.
        contestants: The first one is what the others are compared with.
        one_core: Every contestant is held to one and the same core.
        fresh: Every round is a new process, timed once: what is measured happens once in a process.
    """

    title: str
    unit: str
    prepare: Callable[[Path, bool], None]
    contestants: tuple[Contestant, ...]
    one_core: bool = True
    fresh: bool = False

    def contestant(self, name: str) -> Contestant:
        """The one of that name."""
        return next(each for each in self.contestants if each.name == name)
