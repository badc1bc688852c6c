"""Progress bars: one way to show long work, silent where nobody watches."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

console = Console(file=sys.stderr, highlight=False)


class Advance(Protocol):
    """What the worker of a bar calls."""

    def __call__(self, steps: float = 1, note: str = "") -> None:
        """Move the bar by `steps`; `note` replaces the text behind it."""


@contextmanager
def progress(title: str, total: float | None, *, counted: bool = True, done: int = 0) -> Iterator[Advance]:
    """A bar on standard error while the block runs, and in a log (no terminal) one line about what took over a second.

    Args:
        title: What is being done, in two or three words.
        total: How many steps there are; None when nobody knows.
        counted: Show "12/40" (steps are things) rather than only a percentage (steps are weights).
        done: Steps that an earlier run did: where the bar begins.
    """
    columns = [TextColumn("[bold]{task.description:<24}"), BarColumn(bar_width=28)]
    columns.append(MofNCompleteColumn() if counted else TaskProgressColumn())
    columns += [TimeElapsedColumn(), TimeRemainingColumn(), TextColumn("[dim]{task.fields[note]}")]
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=total, completed=done, note="")

        def advance(steps: float = 1, note: str = "") -> None:
            if note:
                bar.update(task, advance=steps, note=note)
            else:
                bar.update(task, advance=steps)

        yield advance
    now = bar.tasks[task]
    if not console.is_terminal and (now.elapsed or 0) >= 1:
        count = f"{now.completed - done:,.0f} " if counted else ""
        print(f"{title}: {count}done in {now.elapsed:.1f} s", file=sys.stderr, flush=True)
