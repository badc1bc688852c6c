"""From weights, which are any positive numbers, to counts out of 1000, which are what a mixture is made of.

With weights w_1..w_M, W their sum and the quota q_m = 1000 * w_m / W, all in exact arithmetic:

    1. c_m = max(1, floor(q_m))
    2. as long as the counts add up to less than 1000, the source of the largest q_m - c_m gets one more
    3. as long as they add up to more, the source of the smallest q_m - c_m, of those with more than 1, gives one up

where of equals the first counts. So every source has at least 1, and nothing but the ratios of the weights matters.
Rounding distorts a source when its count is more than 5% off its quota; such sources are named in `distortions`.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import isfinite, lcm

from ...base.errors import UsageError

WHOLE = 1000
"""What the counts of a mixture's sources add up to; a single source has all of it."""

_TOLERANCE = Fraction(1, 20)


def counts_of(weights: Sequence[float]) -> tuple[int, ...]:
    """The counts of sources by their weights.

    Args:
        weights: One for each source, only their ratios matter.

    Returns:
        As many integers, each at least 1, that add up to 1000.

    Raises:
        UsageError: A weight is not a positive number, or there are more than 1000 or no sources.
    """
    if not 1 <= len(weights) <= WHOLE:
        raise UsageError("this is no mixture", found=f"{len(weights)} sources", expected=f"1 to {WHOLE}")
    for weight in weights:
        if not (isfinite(weight) and weight > 0):
            raise UsageError(
                "a weight is no positive number",
                found=f"{weight}",
                expected="a number above 0; only the ratios of the weights matter",
                remedy="Leave a source out that is not wanted",
            )
    exact = [Fraction(weight) for weight in weights]
    unit = lcm(*(weight.denominator for weight in exact))
    # Quotas and counts in units of 1 / total, so that all is done in integers.
    parts = [int(weight * unit) for weight in exact]
    total = sum(parts)
    counts = [max(1, WHOLE * part // total) for part in parts]
    missing = [WHOLE * part - count * total for part, count in zip(parts, counts, strict=True)]
    while sum(counts) < WHOLE:
        _give(counts, missing, missing.index(max(missing)), 1, total)
    while sum(counts) > WHOLE:
        least = min(miss for miss, count in zip(missing, counts, strict=True) if count > 1)
        chosen = next(m for m, miss in enumerate(missing) if miss == least and counts[m] > 1)
        _give(counts, missing, chosen, -1, total)
    return tuple(counts)


def distortions(names: Sequence[str], weights: Sequence[float]) -> tuple[str, ...]:
    """One sentence for each source whose count is more than 5% off its share of the weights."""
    total = sum(map(Fraction, weights))
    quotas = [WHOLE * Fraction(weight) / total for weight in weights]
    return tuple(
        f"'{name}' has a share of {float(quota):.3g} in {WHOLE:,} by its weight, and gets {count}: shares are whole "
        f"numbers of {WHOLE:,}, at least 1."
        for name, quota, count in zip(names, quotas, counts_of(weights), strict=True)
        if abs(count - quota) > _TOLERANCE * quota
    )


def _give(counts: list[int], missing: list[int], source: int, number: int, total: int) -> None:
    counts[source] += number
    missing[source] -= number * total
