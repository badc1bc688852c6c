"""The lines of a log as curves for the report, each picture with what is compared in it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from headrace.shards.base.report import Curve, Series

from .collapse import NAMES
from .metrics import SPEED, STEPPING, VALIDATION, WAIT, Line
from .watch.alarm import COLLAPSED

_POINTS = 1000
"""Points of a curve at most; more cannot be seen."""
_BATCHES = (
    f"Of the batch of each step, on samples as they are made anew each time; {VALIDATION}...: of other samples, the "
    "same every time, by the network in evaluation mode."
)


@dataclass(frozen=True)
class Picture:
    """Curves in one picture.

    Args:
        place: On the report's page.
        title: What they are.
        names: Of the columns.
        note: What a reader must know.
        unit: Of their axis.
        scale: What their numbers are multiplied by.
    """

    place: int
    title: str
    names: Sequence[str]
    note: str
    unit: str
    scale: float = 1.0

    @property
    def file(self) -> str:
        """The name of its fragment."""
        return re.sub(r"\W+", "-", self.title.lower())

    def drawn(self, run: str, lines: Sequence[Line]) -> Curve | None:
        """The picture of a run's lines; None where none of them has one of the columns."""
        series = tuple(each for name in self.names if (each := _series(name, lines, self.scale)).x)
        if not series:
            return None
        return Curve(title=f"{self.title} of {run}", note=self.note, x_label="step", y_label=self.unit, series=series)


def learning(lines: Sequence[Line], evaluations: Sequence[str]) -> Iterator[Picture]:
    """How well a run learned: loss and metrics, each beside the validation's, evaluations, representations.

    Args:
        lines: Of the log.
        evaluations: The names of the recipe's evaluations.
    """
    names = list(dict.fromkeys(name for line in lines for name in line))
    judged = [name for name in names if name.partition("/")[0] in evaluations]
    known = {"step", "loss", COLLAPSED, *STEPPING, *SPEED, *NAMES, *judged}
    told = [name for name in names if name not in known and not name.startswith((WAIT, VALIDATION))]
    yield Picture(11, "Loss", ("loss", f"{VALIDATION}loss"), _BATCHES, "loss")
    for name in told:
        words = name.replace("_", " ")
        yield Picture(12, words.capitalize(), (name, f"{VALIDATION}{name}"), _BATCHES, words)
    accurate = [name for name in judged if "/" not in name]
    # Of one curve there is no legend.
    unit = "accuracy" if len(accurate) > 1 else f"{''.join(accurate)}: accuracy"
    yield Picture(13, "Evaluations", accurate, "Of the network in training; at step 0, of the untrained one.", unit)
    for name in judged:
        if "/" in name:
            yield Picture(14, name, (name,), "At step 0, of the untrained network.", name.partition("/")[2])
    yield Picture(15, "Effective rank", NAMES[:1], "Of the representations of the latest batches.", "dimensions")
    yield Picture(16, "Spread and agreement", NAMES[1:], "Of the representations of the latest batches.", "")


def running() -> Iterator[Picture]:
    """How a run went: speed, use of the device, memory, rate and gradients."""
    yield Picture(20, "Throughput", ("samples_per_s",), "Evaluations are left out.", "samples/s")
    yield Picture(
        21,
        "Utilisation",
        ("mfu", "data_wait"),
        "mfu: the network's operations as a share of what the devices can do at most. data_wait: the share of time in "
        "which the main process waited for batches.",
        "share",
    )
    yield Picture(22, "Memory", ("memory",), "Of the main process, without the loader's workers.", "GB", 1e-9)
    yield Picture(23, "Learning rate", ("lr",), "", "lr")
    yield Picture(24, "Gradient norm", ("grad_norm",), "Before clipping.", "norm")


def _series(name: str, lines: Sequence[Line], scale: float) -> Series:
    told = [line for line in lines if name in line]
    # The last one is always shown.
    shown = told[:: -max(1, -(-len(told) // _POINTS))][::-1]
    return Series(name=name, x=tuple(line["step"] for line in shown), y=tuple(line[name] * scale for line in shown))
