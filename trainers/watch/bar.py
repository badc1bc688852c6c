"""The progress of a run on standard error: a bar in a terminal, plain lines elsewhere.

In a terminal of 100 columns everything fits on one line; the bar has what the words leave of it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Column

from headrace.shards.base.progress import console

from .wording import clock


class Bar:
    """Where a run stands.

    Args:
        name: What the run is called.
        steps: To be taken, in all.
        done: Taken by an earlier process.
        shown: What draws it.
    """

    def __init__(self, name: str, steps: int, done: int, shown: Progress) -> None:
        self._name, self._steps, self._done = name, steps, done
        self._timed, self._began = 0, 0.0
        self._shown, self._note = shown, ""
        self._task = shown.add_task(escape(name), total=steps, completed=done, left="", note="")

    def advance(self) -> None:
        """A step more is done."""
        self._done += 1
        # Not from the first one, before which much else is done, and which may be compiled.
        self._timed, self._began = (self._timed + 1, self._began) if self._began else (0, monotonic())
        self._shown.update(self._task, advance=1, left=self.left())

    def note(self, words: str) -> None:
        """What is known since now, such as the loss; a line of its own where there is no bar."""
        self._note = words
        self._shown.update(self._task, note=words)
        if not console.is_terminal:
            self.say(f"{words}  {left} left" if (left := self.left()) else words)

    def doing(self, words: str) -> None:
        """What is done just now instead of training; "" when it is over."""
        self._shown.update(self._task, note=words or self._note)

    def say(self, words: str) -> None:
        """A line that stays."""
        console.print(f"{self._name} {self._done}/{self._steps}  {words}", markup=False, soft_wrap=True)

    def left(self) -> str:
        """The time that is left, if steps go on to take as long as since the first one, evaluations included."""
        if not self._timed:
            return ""
        return clock((monotonic() - self._began) / self._timed * (self._steps - self._done))


@contextmanager
def training_bar(name: str, steps: int, done: int) -> Iterator[Bar]:
    """Show the progress of a run while the block runs.

    Args:
        name: What the run is called.
        steps: To be taken, in all.
        done: Taken by an earlier process.
    """
    columns = (
        TextColumn("[bold]{task.description}", table_column=Column(no_wrap=True, max_width=12)),
        BarColumn(bar_width=None, table_column=Column(ratio=1)),
        TextColumn("{task.completed:.0f}/{task.total:.0f}", table_column=Column(no_wrap=True)),
        TextColumn("{task.fields[left]}", table_column=Column(no_wrap=True)),
        TextColumn("[dim]{task.fields[note]}", table_column=Column(no_wrap=True)),
    )
    with Progress(*columns, console=console, expand=True, disable=not console.is_terminal) as shown:
        yield Bar(name, steps, done, shown)
