"""The contract of a sink: a frozen dataclass of parameters, whose `open` gives what a line is written with.

    @dataclass(frozen=True, kw_only=True)
    class Mine(Sink):
        @contextmanager
        def open(self, run, step):
            with (run.folder / "mine.txt").open("a") as file:
                yield lambda line: print(line["step"], line.get("loss"), file=file, flush=True)

In a recipe it stands under `log_to`, as `path/to/file.py:Mine` or `{path/to/file.py:Mine: {parameter: value}}`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.shards.base.errors import InputError
from headrace.shards.base.registry import Registry

from ..metrics import Line

if TYPE_CHECKING:
    from ..runs import Run

SINKS = Registry("sink", "headrace.trainers.sinks", "headrace.sinks")

Write = Callable[[Line], None]
"""Takes a line; see `metrics` for what it holds."""


@dataclass(frozen=True)
class Sink(ABC):
    """A place that lines are sent to, by the main process of a run."""

    @abstractmethod
    def open(self, run: "Run", step: int) -> AbstractContextManager[Write]:
        """What writes a line, until the block ends.

        Args:
            run: The run.
            step: The step it continues from, 0 where it begins; lines of later ones, which a run that was killed may
                have written, come again.
        """


def lacking(sink: str, package: str) -> InputError:
    """The error for a sink whose package is not there; the extra by which Headrace installs it has the sink's name."""
    return InputError(
        f"log_to: '{sink}' needs the package {package}, which is not installed",
        remedy=f"pip install 'headrace[{sink}]', or take it out of log_to: the lines are in metrics.jsonl, too",
    )
