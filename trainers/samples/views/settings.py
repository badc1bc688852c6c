"""What may be drawn of a view as one row of numbers, which a kernel takes."""

import math
from typing import Generic, NamedTuple, TypeVar

from .view import View

T = TypeVar("T")


class Settings(NamedTuple, Generic[T]):
    """What may be drawn of a view, as a row of numbers; the angles follow.

    A range is its least value and how much larger the largest is.
    """

    flip: T
    angles: T  # how many there are to choose from
    jitter: T
    brightness: T
    brightness_range: T
    contrast: T
    contrast_range: T
    saturation: T
    saturation_range: T
    hue: T
    grayscale: T
    blur: T
    sigma: T
    sigma_range: T
    kernel_size: T  # 0: as wide as sigma demands
    solarize: T
    threshold: T
    scale: T
    scale_range: T
    log_ratio: T
    log_ratio_range: T
    least_ratio: T
    largest_ratio: T


SETTING = Settings(*range(len(Settings._fields)))
"""Where each stands in a row."""

ANGLES = len(SETTING)
"""Where the angles stand, in quarter turns."""


def settings_of(view: View, most: int) -> list[float]:
    """The row of a view, with room for `most` angles."""
    jitter, blur, solarize = view.color_jitter, view.gaussian_blur, view.solarize
    log_ratio = _range(math.log(view.ratio[0]), math.log(view.ratio[1]))
    row = Settings[float](
        view.horizontal_flip,
        len(view.angles),
        jitter.p,
        *_factors(jitter.brightness),
        *_factors(jitter.contrast),
        *_factors(jitter.saturation),
        jitter.hue,
        view.grayscale,
        blur.p,
        *_range(*blur.sigma),
        blur.kernel_size or 0,
        solarize.p,
        solarize.threshold,
        *_range(*view.scale),
        *log_ratio,
        *view.ratio,
    )
    turns = [angle // 90 for angle in view.angles]
    return [*row, *turns, *[0] * (most - len(turns))]


def _factors(strength: float) -> tuple[float, float]:
    return _range(max(0.0, 1.0 - strength), 1.0 + strength)


def _range(low: float, high: float) -> tuple[float, float]:
    return low, high - low
