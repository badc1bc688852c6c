"""The contract of an evaluation: from labelled features to predictions."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.registry import Registry

EVALUATIONS = Registry("evaluation", "headrace.trainers.evals.classifiers", "headrace.evaluations")

Matrix = Any
"""(N, D) float32: a numpy array, or a scipy sparse matrix where most entries are 0."""
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Labelled:
    """Features with what is known of them.

    Args:
        features: (N, D).
        labels: (N,) class numbers.
        groups: (N,) numbers; rows of one group are never separated by a split.
    """

    features: Matrix
    labels: Labels
    groups: NDArray[np.int64]

    def rows(self, which: NDArray[Any]) -> "Labelled":
        """Some of the rows, by number or by a mask."""
        return Labelled(self.features[which], self.labels[which], self.groups[which])


@dataclass(frozen=True)
class Evaluation(ABC):
    """One way to find out what features are worth: a frozen dataclass of its parameters."""

    @abstractmethod
    def predict(self, train: Labelled, features: Matrix) -> Labels:
        """The classes of the features (M, D), having seen the labels of `train` only; (M,)."""
