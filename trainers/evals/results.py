"""What evaluations found, and by how much one kind of features beats another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .intervals import paired_difference, wilson

UNTRAINED = "untrained"
Gain = tuple[float, float, float]
"""A difference of accuracies, and its 95% interval."""


@dataclass(frozen=True)
class Result:
    """What one evaluation found of one kind of features.

    Args:
        features: Whose features.
        evaluation: By what method.
        right: (N,) of which test records the class was found.
    """

    features: str
    evaluation: str
    right: NDArray[np.bool_]

    @property
    def accuracy(self) -> float:
        """The share of test records whose class was found."""
        return float(self.right.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """The 95% interval of the accuracy (Wilson)."""
        return wilson(int(self.right.sum()), len(self.right))


def gains(results: Sequence[Result], groups: NDArray[np.int64]) -> dict[int, Gain]:
    """By how much each result beats the untrained network's, by the result's place.

    Args:
        results: Results over the same N test records.
        groups: (N,) the records' groups.
    """
    untrained = {each.evaluation: each for each in results if each.features == UNTRAINED}
    found = {}
    for place, each in enumerate(results):
        other = untrained.get(each.evaluation)
        if other is not None and other is not each:
            interval = paired_difference(each.right, other.right, groups)
            found[place] = (each.accuracy - other.accuracy, *interval)
    return found
