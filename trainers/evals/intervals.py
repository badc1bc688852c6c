"""Confidence intervals."""

import math

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
