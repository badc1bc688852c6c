"""What the loop tells after every step: it becomes lines for the logs, and progress for whoever looks on."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from ..distributed import World
from ..metrics import MetricsLog
from ..runs import Run
from ..state import State
from ..step import Outcome
from .bar import Bar, training_bar
from .speed import Speed
from .wording import spoken


class Monitor:
    """Watches a run; every process of it has one, and the first one's writes and shows.

    Args:
        run: The run.
        world: Its processes.
        state: Its state, before it goes on.
        log: Of the main process, where lines go.
        bar: Of the main process, where progress is shown.
    """

    def __init__(self, run: Run, world: World, state: State, log: MetricsLog | None, bar: Bar | None) -> None:
        self._run, self._world, self._state, self._log, self._bar = run, world, state, log, bar
        self._speed = Speed(run, world, state)

    def stepped(self, outcome: Outcome, numbers: Mapping[str, float]) -> None:
        """Tell of a step that was taken; every process must.

        Args:
            outcome: What the step found.
            numbers: What else belongs into its line.
        """
        step, model = self._state.step, self._run.recipe.model
        if self._bar:
            self._bar.advance()
        if step == model.steps or step % model.log_every == 0:
            self._write({"step": step, **outcome.line(self._world), **numbers, **self._speed.lap()})

    def _write(self, line: Mapping[str, float]) -> None:
        if self._log:
            self._log.write(line)
        if self._bar:
            self._bar.note(spoken(line))


@contextmanager
def monitored(run: Run, world: World, state: State) -> Iterator[Monitor]:
    """Watch a run while the block runs."""
    with ExitStack() as stack:
        log = MetricsLog(run.folder, state.step) if world.main else None
        bar = None
        if world.main:
            bar = stack.enter_context(training_bar(run.name, run.recipe.model.steps, state.step))
        yield Monitor(run, world, state, log, bar)
