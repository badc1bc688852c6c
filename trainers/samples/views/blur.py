"""Gaussian blur as in torchvision: separable, mirrored at the edges, its kernel as wide as drawn.

Weights beyond REACH standard deviations, which change no level by 0.02, are left out. The two passes work in
fixed point, rounded to bytes once.
"""

import math

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels.compile import device

from .lanes import FRACTION, LANES, copy, padded, smooth

Bytes = NDArray[np.uint8]

Shorts = NDArray[np.uint16]

REACH = 4
WHOLE = 65536
"""What weights add up to."""


@device
def blur_radius(sigma: float, kernel_size: int, size: int) -> int:
    """Pixels on either side that are taken in, no more than can be mirrored."""
    return min(kernel_size // 2, math.ceil(REACH * sigma), size - 1)


@device
def blur(plane: Bytes, size: int, sigma: float, radius: int, weights: Shorts, line: Shorts, middle: Shorts) -> None:
    """Blur a plane, uint8 (padded(size) ** 2,), in place.

    Args:
        plane: See above.
        size: Pixels a side.
        sigma: Standard deviation in pixels.
        radius: See `blur_radius`.
        weights: Scratch, (radius + 1,) or more.
        line: Scratch for a row with its mirrored edges, (padded(size) + 2 * radius,) or more.
        middle: Scratch for what is blurred along the rows, (size + 2 * radius, padded(size)) or more.
    """
    _fill_weights(weights, radius, sigma)
    full, last = padded(size), radius + size
    for row in range(size):
        source, inside = plane[row * full : (row + 1) * full], line[radius : radius + full]
        for column in range(full):
            inside[column] = np.uint16(source[column]) << np.uint16(FRACTION)
        for edge in range(radius):
            line[edge], line[last + edge] = line[2 * radius - edge], line[last - 2 - edge]
        for column in range(0, full, LANES):
            smooth(middle, (radius + row) * full + column, line, radius + column, 1, weights, radius)
    for edge in range(radius):
        copy(middle[edge * full : (edge + 1) * full], middle[(2 * radius - edge) * full :])
        copy(middle[(last + edge) * full : (last + edge + 1) * full], middle[(last - 2 - edge) * full :])
    for row in range(size):
        for column in range(0, full, LANES):
            smooth(plane, row * full + column, middle, (radius + row) * full + column, full, weights, radius)


@device
def _fill_weights(weights: Shorts, radius: int, sigma: float) -> None:
    total = 1.0
    for distance in range(1, radius + 1):
        total += 2.0 * math.exp(-0.5 * (distance / sigma) ** 2)
    rest = WHOLE
    for distance in range(1, radius + 1):
        weight = int(math.exp(-0.5 * (distance / sigma) ** 2) / total * WHOLE + 0.5)
        weights[distance] = weight
        rest -= 2 * weight
    # What rounding has left over or taken too much goes to the middle, which may have all but one part at most.
    weights[0] = min(rest, WHOLE - 1)
