"""Confidence intervals."""

import math

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.rng import generator

_Z95 = 1.959963984540054
_RESAMPLES = 2000


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


def resampled(
    totals: NDArray[np.float64], weights: NDArray[np.float64], groups: NDArray[np.int64], resamples: int = _RESAMPLES
) -> NDArray[np.float64]:
    """Ratios of sums, resampled over training draws and over test items both (Owen 2007, "pigeonhole").

    Args:
        totals: (R, N) for each of R training draws and each of N test items.
        weights: (N,) by which their sum is divided.
        groups: (N,) items of one group are resampled together, since they are right or wrong together.
        resamples: Drawn by a fixed key, so that they are the same in every run, and for any two of one shape.

    Returns:
        (resamples,).
    """
    _, member = np.unique(groups, return_inverse=True)
    weight = np.bincount(member, weights=weights)
    total = np.stack([np.bincount(member, weights=row) for row in totals])
    rng = generator("headrace.bootstrap", resamples)
    ratios = np.empty(resamples)
    for place in range(resamples):
        drawn = rng.integers(len(total), size=len(total))
        tested = rng.integers(len(weight), size=len(weight))
        ratios[place] = total[drawn].mean(axis=0)[tested].sum() / weight[tested].sum()
    return ratios


def percentiles(values: NDArray[np.float64]) -> tuple[float, float]:
    """The middle 95% of resampled values."""
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)
