"""Weighted k nearest neighbours.

Wu, Xiong, Yu, Lin 2018, "Unsupervised Feature Learning via Non-Parametric Instance Discrimination", section 3.4, with
the numbers of Caron et al. 2021 ("DINO", appendix F): the k training rows of the largest cosine similarity s vote for
their class with weight exp(s / T), T = .07.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ..base import Evaluation, Labelled, Labels, Matrix

_ROWS = 1024
"""Rows compared at once: 1,024 x 50,000 similarities are 200 MB."""


@dataclass(frozen=True, kw_only=True)
class Knn(Evaluation):
    """The k nearest training rows vote.

    Args:
        k: How many neighbours vote.
        temperature: T.
    """

    k: Annotated[int, Field(gt=0)] = 20
    temperature: Annotated[float, Field(gt=0)] = 0.07

    def predict(self, train: Labelled, features: Matrix) -> Labels:
        """See `Evaluation.predict`; of classes with equal votes the first wins."""
        votes = np.zeros((features.shape[0], int(train.labels.max()) + 1))
        known = unit_rows(train.features)
        queries = unit_rows(features)
        for start in range(0, len(votes), _ROWS):
            similarity = _dense(queries[start : start + _ROWS] @ known.T)
            nearest = np.argpartition(-similarity, min(self.k, similarity.shape[1]) - 1, axis=1)[:, : self.k]
            # Relative to the largest similarity there is: exp(1 / .07) needs no help, exp(1 / .001) does.
            weight = np.exp((np.take_along_axis(similarity, nearest, axis=1) - 1) / self.temperature)
            rows = np.arange(start, start + len(nearest))[:, None]
            np.add.at(votes, (rows, train.labels[nearest]), weight)
        winners: Labels = votes.argmax(axis=1)
        return winners


def unit_rows(features: Matrix) -> Matrix:
    """Rows divided by their 2-norm; rows of zeros stay."""
    from scipy import sparse

    if sparse.issparse(features):
        norms = np.sqrt(np.asarray(features.multiply(features).sum(axis=1))).ravel()
        return sparse.diags_array(1 / np.maximum(norms, 1e-12)) @ features
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)


def _dense(product: Matrix) -> NDArray[np.float64]:
    return np.asarray(product.todense() if hasattr(product, "todense") else product, dtype=np.float64)
