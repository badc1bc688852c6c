"""Weighted k nearest neighbours.

Wu, Xiong, Yu, Lin 2018, "Unsupervised Feature Learning via Non-Parametric Instance Discrimination", section 3.4, with
the numbers of Caron et al. 2021 ("DINO", appendix F): the k training rows of the largest cosine similarity s vote for
their class with weight exp(s / T), T = .07.

Of several k the one with the best accuracy on held-out groups of the training rows is taken (of equals, the smallest),
where DINO reports each; the test has no part in it. Where the rows are too few to hold any out, it is the middle one.

Features are `standardised` before they are compared, which is not in the papers: what all rows share makes all of them
similar, and an untrained network has more of it. Of its features 44% of documents were found standardised, 40% as they
were (BERT's mean states), of a trained one's 60% and 56%; the margin without would flatter the training. Sparse rows,
as of TF-IDF, are weighted already and stay as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field

from ..base import FeatureEvaluation, Labelled, Labels, Matrix
from ..splits import held_out

_ROWS = 1024
"""Rows compared at once: 1,024 x 50,000 similarities are 200 MB."""
Count = Annotated[int, Field(gt=0)]


@dataclass(frozen=True, kw_only=True)
class Knn(FeatureEvaluation):
    """The k nearest training rows vote.

    Args:
        k: How many neighbours vote; of several, the number that does best on held-out training rows.
        temperature: T.
        held_out: The share of each class's groups of training rows on which k is chosen.
        standardised: Whether each feature is given the mean 0 and the deviation 1 over the training rows first; of
            dense rows only.
    """

    k: Annotated[
        tuple[Count, ...],
        Field(min_length=1),
        BeforeValidator(lambda given: (given,) if isinstance(given, int) else given),
        "whole number or list of them",
    ] = (10, 20, 100, 200)
    temperature: Annotated[float, Field(gt=0)] = 0.07
    held_out: Annotated[float, Field(gt=0, lt=1)] = 0.2
    standardised: bool = True

    def predict(self, train: Labelled, features: Matrix) -> Labels:
        """See `FeatureEvaluation.predict`; of classes with equal votes the first wins."""
        return self._by_votes(train, features, [self.choose(train)])[0]

    def choose(self, train: Labelled) -> int:
        """The k that does best on the held-out groups of the training rows."""
        candidates = sorted(self.k)
        kept = held_out(train.labels, train.groups, self.held_out)
        if len(candidates) == 1 or not kept.any():
            return candidates[(len(candidates) - 1) // 2]
        unknown = train.rows(kept)
        found = self._by_votes(train.rows(~kept), unknown.features, candidates)
        return candidates[int(np.argmax([(classes == unknown.labels).sum() for classes in found]))]

    def _by_votes(self, train: Labelled, features: Matrix, candidates: Sequence[int]) -> list[Labels]:
        """The classes by each of several k, ascending."""
        known, queries = (unit_rows(each) for each in self._scaled(train.features, features))
        found: list[list[Labels]] = [[] for _ in candidates]
        for start in range(0, features.shape[0], _ROWS):
            similarity = _dense(queries[start : start + _ROWS] @ known.T)
            nearest = _nearest(similarity, candidates[-1])
            # Relative to the largest similarity there is: exp(1 / .07) needs no help, exp(1 / .001) does.
            weight = np.exp((np.take_along_axis(similarity, nearest, axis=1) - 1) / self.temperature)
            votes, counted = np.zeros((len(nearest), int(train.labels.max()) + 1)), 0
            for k, classes in zip(candidates, found, strict=True):
                more = slice(counted, k)
                np.add.at(votes, (np.arange(len(nearest))[:, None], train.labels[nearest[:, more]]), weight[:, more])
                classes.append(votes.argmax(axis=1))
                counted = k
        return [np.concatenate(classes) for classes in found]

    def _scaled(self, known: Matrix, queries: Matrix) -> tuple[Matrix, Matrix]:
        from scipy import sparse

        if not self.standardised or sparse.issparse(known):
            return known, queries
        from sklearn.preprocessing import StandardScaler

        scaler = StandardScaler().fit(known)
        return scaler.transform(known), scaler.transform(queries)


def unit_rows(features: Matrix) -> Matrix:
    """Rows divided by their 2-norm; rows of zeros stay."""
    from scipy import sparse

    if sparse.issparse(features):
        norms = np.sqrt(np.asarray(features.multiply(features).sum(axis=1))).ravel()
        return sparse.diags_array(1 / np.maximum(norms, 1e-12)) @ features
    return features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12)


def _nearest(similarity: NDArray[np.float64], k: int) -> NDArray[np.int64]:
    """(Q, k) the columns of the largest similarities in each row, descending; all of them where there are no k."""
    if k >= similarity.shape[1]:
        return np.argsort(-similarity, axis=1, kind="stable")
    some = np.argpartition(-similarity, k - 1, axis=1)[:, :k]
    order = np.argsort(-np.take_along_axis(similarity, some, axis=1), axis=1, kind="stable")
    return np.take_along_axis(some, order, axis=1)


def _dense(product: Matrix) -> NDArray[np.float64]:
    return np.asarray(product.todense() if hasattr(product, "todense") else product, dtype=np.float64)
