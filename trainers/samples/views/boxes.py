"""Boxes (left, top, right, bottom) inside an image, right and bottom exclusive."""

import math

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels.compile import device

Box = tuple[int, int, int, int]

_TRIES = 10
_NUMBERS_OF_A_TRY = 4

RANDOM_BOX_NUMBERS = _TRIES * _NUMBERS_OF_A_TRY
"""How many numbers `random_box` may take."""


@device
def random_box(
    height: int, width: int, numbers: NDArray[np.float64], scale: NDArray[np.float64], ratio: NDArray[np.float64]
) -> Box:
    """A random box inside an image: torchvision's RandomResizedCrop, from Szegedy et al. 2014 ("Inception crop").

    Its share of the image's area is uniform in `scale`, the logarithm of its aspect (width / height) uniform in that of
    `ratio`, its place uniform. Where ten draws do not fit into the image, it is the largest central box with a
    permitted aspect, but at least a pixel.

    Args:
        height: Of the image, in pixels, at least 1.
        width: Likewise.
        numbers: `RANDOM_BOX_NUMBERS`, uniform in [0, 1).
        scale: The least share of the area, and how much larger the largest is.
        ratio: The logarithm of the least aspect, and how much larger that of the largest is; then both aspects.
    """
    for number in range(0, RANDOM_BOX_NUMBERS, _NUMBERS_OF_A_TRY):
        area = height * width * (scale[0] + scale[1] * numbers[number])
        aspect = math.exp(ratio[0] + ratio[1] * numbers[number + 1])
        across, down = np.rint(math.sqrt(area * aspect)), np.rint(math.sqrt(area / aspect))
        if 0 < across <= width and 0 < down <= height:
            left, top = int((width - across + 1) * numbers[number + 2]), int((height - down + 1) * numbers[number + 3])
            return left, top, left + int(across), top + int(down)
    aspect = min(max(width / height, ratio[2]), ratio[3])
    across, down = min(float(width), np.rint(height * aspect)), min(float(height), np.rint(width / aspect))
    return _central(height, width, max(1, int(down)), max(1, int(across)))


def central_box(height: int, width: int) -> Box:
    """The largest square in the middle of an image."""
    side = min(height, width)
    return _central(height, width, side, side)


@device
def _central(height: int, width: int, box_height: int, box_width: int) -> Box:
    left, top = (width - box_width) // 2, (height - box_height) // 2
    return left, top, left + box_width, top + box_height
