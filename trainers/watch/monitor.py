"""What the loop tells after every step: it becomes lines for the logs, and progress for whoever looks on.

Nothing of this changes the run: evaluations leave the network as it was, and torch's generators are keyed anew before
whatever draws from them. What time they take is not counted as training's.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from time import monotonic

from headrace.shards.base.errors import RecipeError, TrainingError
from headrace.shards.base.report import Text, fragment_path, write_fragment

from ..distributed import World
from ..fragments import write_log
from ..metrics import Line, MetricsLog
from ..runs import Run
from ..sinks.base import Write
from ..state import State
from ..step import Outcome
from .alarm import Alarm
from .bar import Bar, training_bar
from .best import best_number, refuse_unknown
from .calibration import calibrated
from .examining import Examining
from .first_look import advice_on
from .speed import Speed
from .validation import Validation
from .wording import begun, evaluated, spoken

Tell = Callable[[str], None]
_REPORTED_EVERY = 60.0
"""Seconds: a long log takes a while to be read."""


@dataclass(frozen=True)
class Periodic:
    """What is found out about the network now and then.

    Args:
        every: Steps from one time to the next; the last step is one, too.
        numbers: Finds it out; on all processes together, and told by the main one's.
    """

    every: int
    numbers: Callable[[Tell], Mapping[str, float]]


class Monitor:
    """Watches a run; every process of it has one, and the main one's writes and shows.

    Args:
        run: The run.
        world: Its processes.
        state: Its state, before it goes on.
        writes: Of the main process: where lines go.
        bar: Of the main process: where progress is shown.
    """

    def __init__(self, run: Run, world: World, state: State, writes: Sequence[Write], bar: Bar | None) -> None:
        self._run, self._steps, self._log_every = run, run.recipe.model.steps, run.recipe.model.log_every
        self._world, self._state, self._writes, self._bar = world, state, writes, bar
        self._alarm, self._look_every = Alarm(world), run.recipe.model.watch_every
        self._evaluations = _evaluations(run, world, state)
        self._speed = Speed(run, world, state)
        self._best = best_number(run.recipe)
        self._line: Line = {}
        self._reported = monotonic()

    @property
    def score(self) -> float | None:
        """The number of `keep_best` after this very step; None where it is not known."""
        if self._best is None or self._line.get("step") != self._state.step:
            return None
        return self._line.get(self._best)

    def doing(self, words: str) -> None:
        """Show what is done just now instead of training; "" when it is over."""
        if self._bar:
            self._bar.doing(words)

    def begun(self) -> None:
        """Tell what begins, and evaluate the untrained network, of a run that is new; every process must."""
        if self._bar:
            learning = sum(each.numel() for each in self._state.objective.parameters() if each.requires_grad)
            model = self._run.recipe.model
            self._bar.say(
                begun(
                    self._state.step,
                    learning,
                    model.batch_size,
                    model.precision,
                    self._world.device.type,
                    self._world.size,
                )
            )
            if self._state.step == 0 and (advice := advice_on(self._run)):
                self._bar.say(advice)
        if self._state.step == 0 and self._evaluations:
            self._write({"step": 0, **self._evaluated(self._evaluations)})

    def stepped(self, outcome: Outcome, numbers: Mapping[str, float]) -> None:
        """Tell of a step that was taken; every process must.

        Args:
            outcome: What the step found.
            numbers: What else belongs into its line.
        """
        if self._bar:
            self._bar.advance()
        if self._look_every:
            self._alarm.see(outcome.representations)
        looks = self._look_every is not None and self._is_due(self._look_every)
        due = [each for each in self._evaluations if self._is_due(each.every)]
        if looks or due or self._is_due(self._log_every):
            line = {"step": self._state.step, **outcome.line(self._world), **numbers, **self._speed.lap()}
            if self._bar:
                self._bar.note(spoken(line))
            self._write({**line, **(self._looked() if looks else {}), **self._evaluated(due)})
            if (looks or due) and monotonic() - self._reported > _REPORTED_EVERY:
                self.report()
            self._speed.restart()

    def report(self) -> None:
        """Draw the log, for `headrace report`; a run that goes on, or was stopped, can be looked at, too."""
        if self._world.main:
            write_log(self._run, self._state.objective)
            self._reported = monotonic()

    def _is_due(self, every: int) -> bool:
        return self._state.step % every == 0 or self._state.step == self._steps

    def _looked(self) -> dict[str, float]:
        """What the representations are like; says so where they are not as they should be."""
        found = self._alarm.look()
        if found and self._bar:
            verdict = self._alarm.verdict
            # The last look is often at a few samples only, which are no reason to forget what was found before.
            if verdict.told or not fragment_path(self._run.folder, 10, "verdict").exists():
                write_fragment(self._run.folder, 10, "verdict", Text(title="Watch over collapse", text=verdict.words))
            if not verdict.healthy:
                self._bar.say(verdict.words)
        return found

    def _evaluated(self, due: Sequence[Periodic]) -> dict[str, float]:
        """What evaluations find of the network as it is; says so."""
        found: dict[str, float] = {}
        if due:
            with self._state.ema.in_use() if self._state.ema else nullcontext():
                for each in due:
                    found |= each.numbers(self.doing)
        if found and self._bar:
            self._bar.say(evaluated(found))
            self._bar.doing("")
        return found

    def _write(self, line: Line) -> None:
        self._line = line
        try:
            for write in self._writes:
                write(line)
        except OSError as error:
            raise TrainingError(
                f"the log of step {line['step']:.0f} cannot be written",
                found=str(error),
                remedy=f"Make room below {self._run.folder}; the same line continues from the last checkpoint",
            ) from error
        # What evaluations find is told by the main process alone; what a step tells, by all.
        if self._world.main or line["step"]:
            refuse_unknown(self._run.recipe, self._best, line)


@contextmanager
def monitored(run: Run, world: World, state: State) -> Iterator[Monitor]:
    """Watch a run while the block runs.

    Raises:
        InputError: Data of an evaluation, or a sink, cannot be had.
        ManifestError: There are no shards to validate on.
        TrainingError: While the block runs, a line cannot be written.
        RecipeError: An evaluation does not fit the run, or `keep_best` compares by what nothing tells.
    """
    with ExitStack() as stack:
        writes: list[Write] = []
        bar = None
        if world.main:
            writes = [MetricsLog(run.folder, state.step).write]
            writes += [stack.enter_context(sink.open(run, state.step)) for sink in run.recipe.sinks.values()]
            bar = stack.enter_context(training_bar(run.name, run.recipe.model.steps, state.step))
        monitor = Monitor(run, world, state, writes, bar)
        monitor.begun()
        try:
            yield monitor
        finally:
            # What ended the run is to be told, a full disk for instance, and not that it cannot be drawn.
            with suppress(OSError):
                monitor.report()


def _evaluations(run: Run, world: World, state: State) -> list[Periodic]:
    """What the recipe wants to know on the way."""
    model, found = run.recipe.model, []
    if model.validation:
        validation = Validation(run, model.validation, world, state.objective)
        found.append(Periodic(model.validation.every, calibrated(validation, run, state)))
    if model.evals_every:
        if not model.evals:
            raise RecipeError(
                "evals_every asks for evaluations, but the recipe names none",
                expected="`evals`, and `probe` where they need labels",
                remedy="Add them, as in 'probe={label: {field: label}}' 'evals=[knn]', or leave evals_every out",
            )
        found.append(Periodic(model.evals_every, Examining(run, state.objective)))
    return found
