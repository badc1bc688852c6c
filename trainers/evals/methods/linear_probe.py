"""A linear probe: logistic regression, its strength of regularisation chosen on a part of the training rows.

The multinomial logistic regression of scikit-learn (L-BFGS, L2) on standardised features, for each C of a grid; the C
with the best accuracy on held-out groups of the training rows (of equals, the smallest) is used on all training rows.
Where the rows are too few to hold any out, it is the middle of the grid.
"""

import os
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from ..base import FeatureEvaluation, Labelled, Labels, Matrix
from ..splits import held_out

Positive = Annotated[float, Field(gt=0)]


@dataclass(frozen=True, kw_only=True)
class LinearProbe(FeatureEvaluation):
    """Logistic regression, its regularisation chosen on held-out training rows.

    Args:
        grid: The inverse strengths C that are tried.
        held_out: The share of each class's groups of training rows on which C is chosen.
        iterations: Of L-BFGS, at most.
    """

    grid: Annotated[tuple[Positive, ...], Field(min_length=1)] = (1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0)
    held_out: Annotated[float, Field(gt=0, lt=1)] = 0.2
    iterations: Annotated[int, Field(gt=0)] = 200

    def predict(self, train: Labelled, features: Matrix) -> Labels:
        """See `FeatureEvaluation.predict`."""
        best = self.choose(train)
        with _quiet_and_single():
            classes: Labels = self._fit(train, best)(features)
        return classes

    def choose(self, train: Labelled) -> float:
        """The C of the grid that does best on the held-out groups of the training rows."""
        grid = sorted(self.grid)
        kept = held_out(train.labels, train.groups, self.held_out)
        known, unknown = train.rows(~kept), train.rows(kept)
        if len(grid) == 1 or not kept.any() or len(np.unique(known.labels)) < 2:
            return grid[len(grid) // 2]

        def right(c: float) -> int:
            return int((self._fit(known, c)(unknown.features) == unknown.labels).sum())

        with _quiet_and_single(), ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            scores = list(pool.map(right, grid))
        return grid[int(np.argmax(scores))]

    def _fit(self, train: Labelled, c: float) -> Callable[[Matrix], Labels]:
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        # Sparse rows keep their zeros: they are scaled, not centred.
        scaler = StandardScaler(with_mean=not hasattr(train.features, "tocsr"))
        model: Any = make_pipeline(scaler, LogisticRegression(C=c, max_iter=self.iterations))
        predict: Callable[[Matrix], Labels] = model.fit(train.features, train.labels).predict
        return predict


@contextmanager
def _quiet_and_single() -> Iterator[None]:
    """No word of probes of large C that do not converge, which are candidates like any other; BLAS on one thread.

    The candidates run beside each other; BLAS's own threads spin while they wait, and cost ten times what they gain
    where the cores are shared.
    """
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with warnings.catch_warnings(), threadpool_limits(1, user_api="blas"):
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield
