"""Boxes (left, top, right, bottom) inside an image, right and bottom exclusive."""

import math
from collections.abc import Iterator

from ..ranges import Range

Box = tuple[int, int, int, int]

_TRIES = 10

RANDOM_BOX_NUMBERS = 4 * _TRIES
"""How many numbers `random_box` may take."""


def random_box(height: int, width: int, numbers: Iterator[float], *, scale: Range, ratio: Range) -> Box:
    """A random box inside an image: torchvision's RandomResizedCrop, from Szegedy et al. 2014 ("Inception crop").

    Its share of the image's area is uniform in `scale`, the logarithm of its aspect (width / height) uniform in the
    logarithms of `ratio`, its place uniform. Where ten draws do not fit into the image, it is the largest central box
    with a permitted aspect, but at least a pixel.

    Args:
        height: Of the image, in pixels, at least 1.
        width: Likewise.
        numbers: Uniform in [0, 1); at most `RANDOM_BOX_NUMBERS` are taken.
        scale: The least and the largest share of the area.
        ratio: The least and the largest aspect.
    """
    low, high = math.log(ratio[0]), math.log(ratio[1])
    for _ in range(_TRIES):
        area = height * width * (scale[0] + (scale[1] - scale[0]) * next(numbers))
        aspect = math.exp(low + (high - low) * next(numbers))
        across, down = next(numbers), next(numbers)
        box_width, box_height = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < box_width <= width and 0 < box_height <= height:
            left, top = int((width - box_width + 1) * across), int((height - box_height + 1) * down)
            return left, top, left + box_width, top + box_height
    aspect = min(max(width / height, ratio[0]), ratio[1])
    box_width, box_height = min(width, round(height * aspect)), min(height, round(width / aspect))
    return _central(height, width, max(1, box_height), max(1, box_width))


def central_box(height: int, width: int) -> Box:
    """The largest square in the middle of an image."""
    side = min(height, width)
    return _central(height, width, side, side)


def _central(height: int, width: int, box_height: int, box_width: int) -> Box:
    left, top = (width - box_width) // 2, (height - box_height) // 2
    return left, top, left + box_width, top + box_height
