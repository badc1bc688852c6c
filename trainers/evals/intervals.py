"""Confidence intervals."""

import math

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


def paired_difference(
    first: NDArray[np.bool_], second: NDArray[np.bool_], groups: NDArray[np.int64], draws: int = 2000
) -> tuple[float, float]:
    """The 95% interval of mean(first) - mean(second) over the same records, by a bootstrap of whole groups.

    Args:
        first: (N,) which records one method gets right.
        second: (N,) which records the other gets right.
        groups: (N,) records of one group are drawn together, since they are right or wrong together.
        draws: Resamples; drawn by a fixed key, so that the interval is the same in every run.
    """
    _, member = np.unique(groups, return_inverse=True)
    size = np.bincount(member)
    gain = np.bincount(member, weights=first.astype(float) - second)
    rng = generator("headrace.bootstrap", draws)
    means = []
    for _ in range(draws):
        drawn = rng.integers(len(size), size=len(size))
        means.append(gain[drawn].sum() / size[drawn].sum())
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
