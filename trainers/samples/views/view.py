"""The parameters of a view: classes of torchvision's names, with torchvision's names for what they take."""

from dataclasses import field
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from ..ranges import CHECKED, Count, PositiveRange, Probability, ShareRange

Strength = Annotated[float, Field(ge=0, allow_inf_nan=False)]


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


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class RandomSolarize:
    """Inverts all pixels at or above a threshold.

    Args:
        p: The probability of it.
        threshold: A level, 0 to 255.
    """

    p: Probability = 0.0
    threshold: Annotated[int, Field(ge=0, le=255)] = 128


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
