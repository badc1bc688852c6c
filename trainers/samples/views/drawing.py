"""What is drawn of a view before its pixels are known: one row of `DRAWN`, and how each operation draws its part.

The parameters of an operation are a class of torchvision's name, and have torchvision's names. Each draws from an
iterator of numbers uniform in [0, 1), and takes as many of them whatever its parameters are: so a number that is
changed in a recipe changes that operation alone, and no other one of the same view.
"""

import math
from collections.abc import Iterator
from itertools import permutations
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from ..ranges import CHECKED, PositiveRange, Probability
from .boxes import RANDOM_BOX_NUMBERS, Box

Jitter = tuple[tuple[int, ...], float, float, float, float]
"""The order, the factors of brightness, contrast and saturation, and the shift of hue."""

UNJITTERED: Jitter = ((0, 1, 2, 3), 1.0, 1.0, 1.0, 0.0)
UNBLURRED = (0.0, 1)
NOT_SOLARIZED = 256
"""A threshold that no pixel reaches."""

DRAWN = np.dtype(
    [
        ("box", np.int32, (4,)),  # left, top, right, bottom of the upright full-size image; right, bottom exclusive
        ("flip", np.bool_),  # mirrored left to right, after the cut
        ("angle", np.uint8),  # quarter turns counter-clockwise, after the flip
        ("order", np.uint8, (4,)),  # a permutation of 0 brightness, 1 contrast, 2 saturation, 3 hue
        ("brightness", np.float32),  # a factor; 1: unchanged
        ("contrast", np.float32),  # a factor; 1: unchanged
        ("saturation", np.float32),  # a factor; 1: unchanged
        ("hue", np.float32),  # in turns, -0.5 .. 0.5; 0: unchanged
        ("grayscale", np.bool_),
        ("sigma", np.float32),  # of the Gaussian blur, in pixels of the output; 0: none
        ("kernel_size", np.int32),  # of the blur, odd; 1: none
        ("solarize", np.int32),  # pixels at or above it are inverted; NOT_SOLARIZED: none
    ],
    align=True,
)
"""One view of one image, ready to be rendered."""

NUMBERS = 12 + RANDOM_BOX_NUMBERS
"""How many uniform numbers a view has to itself: the box stands last, since it alone may need fewer."""

Numbers = Iterator[float]
Strength = Annotated[float, Field(ge=0, allow_inf_nan=False)]

_ORDERS = tuple(permutations(range(4)))


def only_cut(box: Box) -> tuple[Any, ...]:
    """The row of a view that is nothing but a box of the image."""
    return box, False, 0, *UNJITTERED, False, *UNBLURRED, NOT_SOLARIZED


def _odd(size: int | None) -> int | None:
    if size is not None and size % 2 == 0:
        raise ValueError(f"an odd number, so that the kernel has a middle, not {size}")
    return size


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class ColorJitter:
    """Brightness, contrast, saturation and hue, each at random, in random order.

    Args:
        p: The probability that a view is changed at all.
        brightness: b: the factor is uniform in [max(0, 1 - b), 1 + b].
        contrast: Likewise.
        saturation: Likewise.
        hue: h: the shift is uniform in [-h, h] turns.
    """

    p: Probability = 0.0
    brightness: Strength = 0.0
    contrast: Strength = 0.0
    saturation: Strength = 0.0
    hue: Annotated[float, Field(ge=0, le=0.5)] = 0.0

    def draw(self, numbers: Numbers) -> Jitter:
        """See `Jitter`."""
        changed, order = next(numbers) < self.p, _ORDERS[int(next(numbers) * len(_ORDERS))]
        brightness, contrast, saturation = next(numbers), next(numbers), next(numbers)
        hue = next(numbers)
        if not changed:
            return UNJITTERED
        return (
            order,
            _factor(self.brightness, brightness),
            _factor(self.contrast, contrast),
            _factor(self.saturation, saturation),
            self.hue * (2 * hue - 1),
        )


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class GaussianBlur:
    """A Gaussian blur of random width.

    Args:
        p: The probability of a blur.
        sigma: The least and the largest standard deviation, in pixels of the view; uniform between.
        kernel_size: Pixels a side of the kernel, odd; None: 2 * ceil(4 * sigma) + 1, which leaves less than 1e-4 out.
    """

    p: Probability = 0.0
    sigma: PositiveRange = (0.1, 2.0)
    kernel_size: Annotated[int, Field(ge=1), AfterValidator(_odd)] | None = None

    def draw(self, numbers: Numbers) -> tuple[float, int]:
        """The standard deviation and the size of the kernel."""
        blurred, share = next(numbers) < self.p, next(numbers)
        if not blurred:
            return UNBLURRED
        sigma = self.sigma[0] + (self.sigma[1] - self.sigma[0]) * share
        return sigma, self.kernel_size or 2 * math.ceil(4 * sigma) + 1


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class RandomSolarize:
    """Inverts all pixels at or above a threshold.

    Args:
        p: The probability of it.
        threshold: A level, 0 to 255.
    """

    p: Probability = 0.0
    threshold: Annotated[int, Field(ge=0, le=255)] = 128

    def draw(self, numbers: Numbers) -> int:
        """The threshold, or `NOT_SOLARIZED`."""
        return self.threshold if next(numbers) < self.p else NOT_SOLARIZED


def _factor(strength: float, number: float) -> float:
    low = max(0.0, 1.0 - strength)
    return low + (1.0 + strength - low) * number
