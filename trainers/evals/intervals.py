"""Confidence intervals."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.rng import generator

_Z95 = 1.959963984540054


def wilson(right: int, total: int, z: float = _Z95) -> tuple[float, float]:
    """The score interval of a share (Wilson 1927), 95% by default.

    Args:
        right: Successes.
        total: Trials, at least 1.
        z: Quantile of the normal distribution.

    Returns:
        (low, high), within [0, 1].
    """
    share = right / total
    center = share + z * z / (2 * total)
    spread = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return max(0.0, (center - spread) / scale), min(1.0, (center + spread) / scale)


def bootstrap(values: NDArray[Any], groups: NDArray[np.int64], resamples: int = 2000) -> tuple[float, float]:
    """The 95% interval of a mean over training draws and test records, by resampling both (Owen 2007, "pigeonhole").

    Args:
        values: (R, N) for each of R training draws and each of N test records: right or wrong, or a difference.
        groups: (N,) records of one group are resampled together, since they are right or wrong together.
        resamples: Drawn by a fixed key, so that the interval is the same in every run.
    """
    _, member = np.unique(groups, return_inverse=True)
    size = np.bincount(member)
    totals = np.stack([np.bincount(member, weights=row) for row in values])
    rng = generator("headrace.bootstrap", resamples)
    means = []
    for _ in range(resamples):
        drawn = rng.integers(len(totals), size=len(totals))
        tested = rng.integers(len(size), size=len(size))
        means.append(totals[drawn].mean(axis=0)[tested].sum() / size[tested].sum())
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
