"""What evaluations found, and by how much one network beats another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from .intervals import percentiles, resampled, wilson

if TYPE_CHECKING:
    from .base import Family

UNTRAINED = "untrained"


@dataclass(frozen=True)
class Metric:
    """A number that is a ratio of two sums over items.

    Args:
        name: What it is called.
        better: Whether more of it is better, or less.
        exponential: Whether it is e to the ratio.
    """

    name: str
    better: Literal["more", "less"]
    exponential: bool = False

    def of(self, ratio: NDArray[np.float64]) -> NDArray[np.float64]:
        """The number from the ratio, or several from several."""
        return np.exp(ratio) if self.exponential else ratio


ACCURACY = Metric("accuracy", "more")


@dataclass(frozen=True)
class Measured:
    """One metric over the items of a test set.

    Args:
        metric: The metric: the sum of `totals` over the sum of `weights`.
        totals: (R, N) of each of N items, after each of R training draws; for an accuracy, 1 where it was right.
        weights: (N,) what each item counts.
        groups: (N,) items of one group are right or wrong together, such as two versions of a page.
    """

    metric: Metric
    totals: NDArray[np.float64]
    weights: NDArray[np.float64]
    groups: NDArray[np.int64]

    @property
    def value(self) -> float:
        """The metric, its ratio the mean over the draws."""
        return float(self.metric.of(self.totals.sum(axis=1).mean() / self.weights.sum()))

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% interval: Wilson's of a share of items that stand each alone, else a bootstrap of draws and items."""
        draws, items = self.totals.shape
        binary = bool(np.isin(self.totals, (0, 1)).all() and (self.weights == 1).all())
        if binary and draws == 1 and len(np.unique(self.groups)) == items and not self.metric.exponential:
            return wilson(int(self.totals.sum()), items)
        return percentiles(self.resampled())

    def resampled(self) -> NDArray[np.float64]:
        """The metric of bootstrap resamples: the same draws and items for any two over the same."""
        return self.metric.of(resampled(self.totals, self.weights, self.groups))


def accuracy(right: NDArray[np.bool_], groups: NDArray[np.int64], metric: Metric = ACCURACY) -> Measured:
    """The share of items that were right; (R, N) after each of R training draws."""
    return Measured(metric, right.astype(np.float64), np.ones(right.shape[1]), groups)


@dataclass(frozen=True)
class Result:
    """What one evaluation found of one network, or of something that is none.

    Args:
        subject: Of what.
        evaluation: By what method, with its parameters.
        family: What the method looks at.
        measured: What it found.
    """

    subject: str
    evaluation: str
    family: "Family"
    measured: Measured


@dataclass(frozen=True)
class Gain:
    """How much more one has of a metric than another, over the same draws and items; negative where it has less.

    Args:
        difference: Of the values.
        interval: Its 95% interval, by a paired bootstrap.
    """

    difference: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Score:
    """A result in numbers, as it stands in evals.json.

    Args:
        subject: See `Result`.
        evaluation: See `Result`.
        family: See `Result`.
        metric: The metric's name.
        better: Whether `more` of it is better, or `less`.
        value: See `Measured`.
        interval: See `Measured`.
        items: How many were tested.
        draws: Of the training records.
        over_untrained: By how much it differs from the untrained network's, where that was judged by the same method.
    """

    subject: str
    evaluation: str
    family: "Family"
    metric: str
    better: Literal["more", "less"]
    value: float
    interval: tuple[float, float]
    items: int
    draws: int
    over_untrained: Gain | None


def scores(results: Sequence[Result]) -> list[Score]:
    """Results in numbers, each beside the untrained network's; those of one method together."""
    methods = list(dict.fromkeys(map(_method, results)))
    results = sorted(results, key=lambda each: methods.index(_method(each)))
    untrained = {_method(each): each.measured for each in results if each.subject == UNTRAINED}
    found = []
    for each in results:
        measured, other = each.measured, untrained.get(_method(each))
        over = None if other is None or other is measured else gain(measured, other)
        draws, items = measured.totals.shape
        found.append(
            Score(
                subject=each.subject,
                evaluation=each.evaluation,
                family=each.family,
                metric=measured.metric.name,
                better=measured.metric.better,
                value=measured.value,
                interval=measured.interval,
                items=items,
                draws=draws,
                over_untrained=over,
            )
        )
    return found


def _method(result: Result) -> tuple[str, str]:
    return result.evaluation, result.measured.metric.name


def gain(one: Measured, other: Measured) -> Gain:
    """By how much one beats another; nothing is said of a difference between two infinities."""
    low, high = percentiles(one.resampled() - other.resampled())
    return Gain(one.value - other.value, (low, high))
