"""The tables by which a pass of `resample` goes: of each pixel of a view the fours that it takes, and their weights."""

import math

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels.compile import device

from .lanes import FOUR, PRECISION, TILE, padded, prepare

Ints = NDArray[np.int32]

BILINEAR, BICUBIC = 1, 2
"""Which filter; the number is its support in pixels of the smaller of the two images."""


@device
def most_taps(length: int, size: int, support: int) -> int:
    """Pixels that one pixel of `size` takes from `length`, at most."""
    return 2 * math.ceil(support * max(length / size, 1.0)) + 1


@device
def most_fours(taps: int) -> int:
    """Fours that so many taps can lie in, wherever they begin and the places that `slots` leaves out among them."""
    return (taps + 3 * (FOUR - 1)) // FOUR


@device
def slots(length: int) -> int:
    """Places that pixels have in fours: whole fours.

    Tiles of TILE pixels become fours. The last one ends with the last pixel, and in whole fours; the places before it
    that are left over hold other pixels once more, and weigh nothing.
    """
    return (length + FOUR - 1) // FOUR * FOUR


@device
def raw_numbers(size: int, taps: int) -> int:
    """How much scratch space `fill_table` takes, in numbers."""
    return padded(size) * (4 + taps)


@device
def window(low: float, high: float, length: int, least: int) -> tuple[int, int]:
    """Where the pixels to read for a span begin, and how many they are: `least` or more of `length`."""
    begin = min(math.floor(low), length - least)
    return begin, max(math.ceil(high) - begin, least)


@device
def fill_table(
    table: Ints, raw: NDArray[np.float64], low: float, high: float, begin: int, taken: int, size: int,
    support: int, mirrored: bool,
) -> None:  # fmt: skip
    """Fill the table of one axis: of each pixel, the first four it takes, how many, and their weights.

    Entries beyond `size`, which only fill the last vector, take one four with weights 0.

    Args:
        table: int32, flat: `padded(size)` entries, each of as many places as fit.
        raw: Scratch, float64, as long as `raw_numbers` says: of all pixels the centers, first taps, counts and totals,
            then the weights of one tap after the other, so that pixels lie side by side in a vector.
        low: Where the box begins; nothing is taken from beyond the pixel that this lies in.
        high: Where it ends, likewise.
        begin: The pixel from which pixels are counted in the table.
        taken: Pixels from there on that become fours.
        size: Pixels that the box becomes.
        support: The filter.
        mirrored: Whether the last of them comes first.
    """
    full = padded(size)
    step = len(table) // full
    edge = math.floor(low)
    length = math.ceil(high) - edge
    scale = (high - low) / size
    stretch = max(scale, 1.0)
    reach = support * stretch
    narrowing = 1.0 / stretch
    centers, firsts = raw[:full], raw[full : 2 * full]
    counts, totals = raw[2 * full : 3 * full], raw[3 * full : 4 * full]
    for place in range(size):
        center = low - edge + (place + 0.5) * scale
        first = max(np.int32(center - reach + 0.5), np.int32(0))
        centers[place], firsts[place], totals[place] = center, first, 0.0
        counts[place] = min(np.int32(center + reach + 0.5), np.int32(length)) - first
    most = min(int(2.0 * reach) + 2, len(raw) // full - 4)
    for tap in range(most):
        weights = raw[(4 + tap) * full : (5 + tap) * full]
        for place in range(size):
            weight = _filter((tap + firsts[place] - centers[place] + 0.5) * narrowing, support)
            weight = weight if tap < counts[place] else 0.0
            weights[place] = weight
            totals[place] += weight
    for place in range(size):
        totals[place] = 1.0 / totals[place]
    for tap in range(most):
        weights = raw[(4 + tap) * full : (5 + tap) * full]
        for place in range(size):
            weight = weights[place] * totals[place] * (1 << PRECISION)
            weights[place] = weight + (0.5 if weight >= 0.0 else -0.5)
    for place in range(len(table)):
        table[place] = 0
    moved, left_over = slots(taken) - TILE, slots(taken) - taken
    for place in range(size):
        entry = (size - 1 - place if mirrored else place) * step
        count, pixel = int(counts[place]), edge - begin + int(firsts[place])
        slot = pixel + (left_over if pixel >= moved else 0)
        four = slot // FOUR
        for tap in range(count):
            slot = pixel + tap + (left_over if pixel + tap >= moved else 0)
            table[entry + 2 + slot - four * FOUR] = np.int32(raw[(4 + tap) * full + place])
        table[entry], table[entry + 1] = four, slot // FOUR + 1 - four
    for entry in range(size * step, len(table), step):
        table[entry + 1] = 1
    for entry in range(0, len(table), step):
        for four in range(table[entry + 1]):
            prepare(table, entry + 2 + four * FOUR)


@device
def _filter(distance: float, support: int) -> float:
    """Weight at a distance; Keys's cubic with a = -0.5 for BICUBIC."""
    x = abs(distance)
    if support == BILINEAR:
        return max(1.0 - x, 0.0)
    near = ((-0.5 + 2.0) * x - (-0.5 + 3.0)) * x * x + 1.0
    far = (((x - 5.0) * x + 8.0) * x - 4.0) * -0.5
    return near if x < 1.0 else (far if x < 2.0 else 0.0)
