"""What evaluations found, and by how much one kind of features beats another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .intervals import bootstrap, wilson

UNTRAINED = "untrained"


@dataclass(frozen=True)
class Result:
    """What one evaluation found of one kind of features.

    Args:
        features: Whose features.
        evaluation: By what method.
        right: (R, N) after each of R training draws, of which test records the class was found.
    """

    features: str
    evaluation: str
    right: NDArray[np.bool_]

    @property
    def accuracy(self) -> float:
        """The share of test records whose class was found, as the mean over the draws."""
        return float(self.right.mean())

    def interval(self, groups: NDArray[np.int64]) -> tuple[float, float]:
        """The 95% interval of the accuracy: Wilson's for one draw, else a bootstrap of draws and test records."""
        if len(self.right) == 1:
            return wilson(int(self.right.sum()), self.right.size)
        return bootstrap(self.right, groups)


@dataclass(frozen=True)
class Gain:
    """How much more accurate one result is than another over the same draws and test records; negative where less.

    Args:
        difference: Of the accuracies.
        interval: Its 95% interval, by a bootstrap.
    """

    difference: float
    interval: tuple[float, float]


@dataclass(frozen=True)
class Score:
    """A result in numbers.

    Args:
        features: Whose features.
        evaluation: By what method.
        accuracy: See `Result`.
        interval: See `Result`.
        over_untrained: What is gained over the untrained network, where that was judged by the same method.
    """

    features: str
    evaluation: str
    accuracy: float
    interval: tuple[float, float]
    over_untrained: Gain | None


def scores(results: Sequence[Result], groups: NDArray[np.int64]) -> list[Score]:
    """Results in numbers, each beside the untrained network's.

    Args:
        results: Results over the same draws and the same N test records.
        groups: (N,) the records' groups.
    """
    untrained = {each.evaluation: each for each in results if each.features == UNTRAINED}
    found = []
    for each in results:
        other = untrained.get(each.evaluation)
        over = None if other is None or other is each else gain(each, other, groups)
        found.append(Score(each.features, each.evaluation, each.accuracy, each.interval(groups), over))
    return found


def gain(one: Result, other: Result, groups: NDArray[np.int64]) -> Gain:
    """By how much one result beats another."""
    interval = bootstrap(one.right.astype(float) - other.right, groups)
    return Gain(one.accuracy - other.accuracy, interval)
