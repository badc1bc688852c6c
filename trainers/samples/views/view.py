"""The parameters of a view, by torchvision's names, and the plan of all views of a sample."""

from collections.abc import Sequence
from dataclasses import field
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from ..ranges import CHECKED, Count, PositiveRange, Probability, ShareRange
from .boxes import random_box
from .drawing import DRAWN, NUMBERS, ColorJitter, GaussianBlur, Numbers, RandomSolarize

Plan = NDArray[np.void]
"""(views,) of `DRAWN`."""


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class View:
    """One kind of view: what may be drawn of it. Operations follow one another in the order of these parameters.

    Args:
        name: What a recipe calls this view among the others of a sample.
        count: How many views of this kind a sample has.
        size: Pixels a side.
        scale: The least and the largest share of the image's area in a crop.
        ratio: The least and the largest width / height of a crop.
        interpolation: How a crop is scaled, always with antialiasing.
        horizontal_flip: The probability of mirroring left to right.
        angles: The turns, counter-clockwise in degrees, of which each view gets one, all equally likely.
        color_jitter: Brightness, contrast, saturation and hue.
        grayscale: The probability of losing all colour.
        gaussian_blur: The blur.
        solarize: The inversion of bright pixels.
    """

    name: Annotated[str, Field(min_length=1)] = "view"
    count: Count = 1
    size: Count = 224
    scale: ShareRange = (0.08, 1.0)
    ratio: PositiveRange = (3 / 4, 4 / 3)
    interpolation: Literal["bilinear", "bicubic"] = "bicubic"
    horizontal_flip: Probability = 0.0
    angles: Annotated[tuple[Literal[0, 90, 180, 270], ...], Field(min_length=1)] = (0,)
    color_jitter: ColorJitter = field(default_factory=ColorJitter)
    grayscale: Probability = 0.0
    gaussian_blur: GaussianBlur = field(default_factory=GaussianBlur)
    solarize: RandomSolarize = field(default_factory=RandomSolarize)

    def draw(self, height: int, width: int, rng: np.random.Generator) -> np.void:
        """One view of an image as a row of `DRAWN`.

        Args:
            height: Of the upright full-size image, in pixels.
            width: Likewise.
            rng: Always as many numbers are taken from it, so that the next view's do not depend on this one.
        """
        row: np.void = np.array([self._drawn(height, width, rng.random(NUMBERS).tolist())], DRAWN)[0]
        return row

    def _drawn(self, height: int, width: int, uniform: Sequence[float]) -> tuple[Any, ...]:
        numbers: Numbers = iter(uniform)
        flip = next(numbers) < self.horizontal_flip
        angle = self.angles[int(next(numbers) * len(self.angles))] // 90
        jitter = self.color_jitter.draw(numbers)
        grayscale = next(numbers) < self.grayscale
        sigma, kernel_size = self.gaussian_blur.draw(numbers)
        threshold = self.solarize.draw(numbers)
        box = random_box(height, width, numbers, scale=self.scale, ratio=self.ratio)
        return box, flip, angle, *jitter, grayscale, sigma, kernel_size, threshold


def plan(views: Sequence[View], height: int, width: int, rng: np.random.Generator) -> Plan:
    """All views of an image, each kind as often as it counts: what `View.draw` gives one after the other.

    Args:
        views: The kinds, in their order.
        height: Of the upright full-size image, in pixels.
        width: Likewise.
        rng: The sample's own generator; each view has its own place in its numbers, whatever the others draw.
    """
    kinds = [view for view in views for _ in range(view.count)]
    rows = np.empty(len(kinds), DRAWN)
    for row, (view, uniform) in enumerate(zip(kinds, rng.random((len(kinds), NUMBERS)).tolist(), strict=True)):
        rows[row] = view._drawn(height, width, uniform)
    return rows
