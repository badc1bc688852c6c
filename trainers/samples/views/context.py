"""Pairs of neighbouring patches, and the guards without which their relation is told by something else than content.

Doersch, Gupta, Efros 2015, "Unsupervised Visual Representation Learning by Context Prediction", section 3 and its
official code. An image is scaled to a random number of pixels; one patch lies in one of eight directions from another:

    0 1 2
    3   4        the label: where the second patch lies, seen from the first
    5 6 7

Guards: a gap between patches and jitter of their places (lines and textures that cross borders); two of three colour
channels lost (chromatic aberration tells the place in the image); some patches down to a few pixels and up again
(pixelation); no mean, unit variance (slow gradients).

Deviations: one pair of an image instead of all pairs of four grids. Images too narrow for two patches and their gap are
skipped there, and scaled up here until they are wide enough. Scaling down is antialiased bicubic.
"""

import math
from collections.abc import Iterator
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import AfterValidator, Field
from pydantic.dataclasses import dataclass

from ..ranges import CHECKED, Count, Probability, Range, ascending
from .drawing import DRAWN, only_cut

PATCH = np.dtype(
    [
        ("view", DRAWN),
        ("side", np.int32),  # pixels a side that are left of the patch before it is scaled up again
        ("channel", np.uint8),  # the only colour channel that is kept
        ("noise", np.uint64),  # the key of what replaces the others
    ],
    align=True,
)
PAIR = np.dtype([("patches", PATCH, (2,)), ("label", np.uint8)], align=True)
"""What is drawn of one pair."""

_DIRECTIONS = tuple((across, down) for down in (-1, 0, 1) for across in (-1, 0, 1) if (across, down) != (0, 0))
_CHANNELS = 3
_NUMBERS = 2 + 2 * 3 + 2 * 3
"""Uniform numbers of a pair: its label and scale, three along each axis, three of each patch."""

_DEVIATION = 50.0
"""Of all pixels of a finished patch, about that of AlexNet's usual input."""


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class ContextPrediction:
    """Two neighbouring patches of an image; the defaults are the original's.

    Args:
        size: Pixels a side of a patch.
        gap: Pixels between neighbouring patches, before the jitter.
        jitter: Pixels by which each patch is moved at most, in either direction.
        pixels: The least and the largest number of pixels that an image is scaled to; uniform between.
        downsample_p: The probability that a patch is scaled down, and up again.
        downsample_size: The least pixels a side in between; the number of pixels is uniform up to the whole patch.
    """

    size: Count = 96
    gap: Annotated[int, Field(ge=0)] = 48
    jitter: Annotated[int, Field(ge=0)] = 7
    pixels: Annotated[tuple[Count, Count], AfterValidator(ascending)] = (150_000, 450_000)
    downsample_p: Probability = 0.33
    downsample_size: Count = 10

    def __post_init__(self) -> None:
        if self.downsample_size > self.size:
            raise ValueError(f"downsample_size must be at most size ({self.size}), not {self.downsample_size}")
        if 2 * self.jitter > self.gap:
            raise ValueError(f"jitter must be at most half the gap ({self.gap}), or patches overlap, not {self.jitter}")

    def draw(self, height: int, width: int, rng: np.random.Generator) -> np.void:
        """One pair as a record of `PAIR`, all eight labels equally likely whatever the image.

        Args:
            height: Of the upright full-size image, in pixels.
            width: Likewise.
            rng: Always as many numbers are taken from it.
        """
        numbers = iter(rng.random(_NUMBERS).tolist())
        keys = rng.integers(2**64, size=2, dtype=np.uint64)
        label = int(next(numbers) * len(_DIRECTIONS))
        factor = max(
            math.sqrt(_between(self.pixels, next(numbers)) / (height * width)),
            (2 * self.size + self.gap + 2 * self.jitter) / min(height, width),
        )
        columns, rows = (
            self._spans(length, factor, direction, numbers)
            for length, direction in zip((width, height), _DIRECTIONS[label], strict=True)
        )
        patches = [
            (only_cut((left, top, right, bottom)), self._side(numbers), int(_CHANNELS * next(numbers)), key)
            for (left, right), (top, bottom), key in zip(columns, rows, keys, strict=True)
        ]
        pair: np.void = np.array([(patches, label)], PAIR)[0]
        return pair

    def _spans(self, length: int, factor: float, direction: int, numbers: Iterator[float]) -> list[tuple[int, int]]:
        """Where both patches begin and end along an axis of the full-size image; `factor` is what it is scaled by."""
        step = self.size + self.gap
        room = math.floor(length * factor) - self.size - abs(direction) * step - 2 * self.jitter
        first = self.jitter + int((max(0, room) + 1) * next(numbers)) + (step if direction < 0 else 0)
        jittered = (
            start + int((2 * self.jitter + 1) * next(numbers)) - self.jitter
            for start in (first, first + direction * step)
        )
        return [_scaled_back(start, start + self.size, factor, length) for start in jittered]

    def _side(self, numbers: Iterator[float]) -> int:
        lowered, share = next(numbers) < self.downsample_p, next(numbers)
        return int(math.sqrt(_between((self.downsample_size**2, self.size**2), share))) if lowered else self.size


def guarded(patch: NDArray[np.uint8], drawn: np.void) -> NDArray[np.float32]:
    """A patch as the network may see it.

    Args:
        patch: (S, S, C) pixels.
        drawn: A record of `PATCH`.

    Returns:
        (C, S, S) float32: one channel without its mean, the others noise uniform in [-.5, .5) levels; all of it
        divided by its root mean square and multiplied by 50.
    """
    size, channels = patch.shape[0], patch.shape[2]
    coarse = _scaled(_scaled(patch, int(drawn["side"])), size)
    noise = np.random.Generator(np.random.Philox(key=int(drawn["noise"])))
    planes = noise.random((channels, size, size), np.float32) - np.float32(0.5)
    kept = int(drawn["channel"]) % channels
    planes[kept] = coarse[..., kept] - coarse[..., kept].mean(dtype=np.float64)
    spread = np.sqrt(np.square(planes).mean(dtype=np.float64))
    return planes * np.float32(_DEVIATION / spread) if spread else planes


def _scaled(patch: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    if patch.shape[2] == 1:
        return _scaled(np.repeat(patch, _CHANNELS, 2), size)[..., :1]
    return np.asarray(Image.fromarray(patch).resize((size, size), Image.Resampling.BICUBIC))


def _between(bounds: Range, share: float) -> float:
    return bounds[0] + (bounds[1] - bounds[0]) * share


def _scaled_back(start: int, stop: int, factor: float, length: int) -> tuple[int, int]:
    """Pixels of the scaled image as those of the full-size one: at least one, and inside it."""
    first = min(round(start / factor), length - 1)
    return first, min(max(round(stop / factor), first + 1), length)
