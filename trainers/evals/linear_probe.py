"""A linear probe: logistic regression, its strength of regularisation chosen on a part of the training rows.

The multinomial logistic regression of scikit-learn (L-BFGS, L2) on standardised features, for each C of a grid; the C
with the best accuracy on held-out groups of the training rows (of equals, the smallest) is used on all training rows.
"""

import warnings
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from headrace.shards.base.rng import hash64, key

from .base import Labelled, Labels, Matrix

Positive = Annotated[float, Field(gt=0)]


@dataclass(frozen=True, kw_only=True)
class LinearProbe:
    """Parameters.

    Args:
        grid: The inverse strengths C that are tried.
        held_out: The share of the training rows, by groups, on which C is chosen.
        iterations: Of L-BFGS, at most.
    """

    grid: Annotated[tuple[Positive, ...], Field(min_length=1)] = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0)
    held_out: Annotated[float, Field(gt=0, lt=1)] = 0.2
    iterations: Annotated[int, Field(gt=0)] = 200

    def predict(self, train: Labelled, features: Matrix) -> Labels:
        """See `Evaluation.predict`."""
        classes: Labels = self._fit(train, self.choose(train))(features)
        return classes

    def choose(self, train: Labelled) -> float:
        """The C of the grid that does best on the held-out groups of the training rows."""
        if len(self.grid) == 1:
            return self.grid[0]
        held_out = in_share(train.groups, self.held_out, "linear probe")
        known, unknown = train.rows(~held_out), train.rows(held_out)
        right = [(self._fit(known, c)(unknown.features) == unknown.labels).sum() for c in sorted(self.grid)]
        return sorted(self.grid)[int(np.argmax(right))]

    def _fit(self, train: Labelled, c: float) -> Any:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        # Sparse rows keep their zeros: they are scaled, not centred.
        scaler = StandardScaler(with_mean=not hasattr(train.features, "tocsr"))
        model = make_pipeline(scaler, LogisticRegression(C=c, max_iter=self.iterations))
        with warnings.catch_warnings():
            # A probe of large C that has not converged is a valid candidate like any other.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(train.features, train.labels)
        return model.predict


def in_share(groups: NDArray[np.int64], share: float, purpose: str) -> NDArray[np.bool_]:
    """Which rows belong to the share of groups that a hash draws, the same in every run; (N,)."""
    drawn = hash64(groups, key("split", purpose)) >> np.uint64(32)
    return drawn < np.uint64(round(share * 2**32))
