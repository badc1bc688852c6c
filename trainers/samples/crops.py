"""Crops, flips and sizes of images: pure functions of (image, rng) on uint8 arrays of shape (H, W) or (H, W, C)."""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
Box = tuple[int, int, int, int]

_TRIES = 10


def with_channels(image: Pixels, channels: int) -> Pixels:
    """The image in grey (`channels` = 1, ITU-R 601 luma) or in RGB (3), shape (H, W, channels)."""
    mode = {1: "L", 3: "RGB"}[channels]
    flat = image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image
    return np.asarray(Image.fromarray(flat).convert(mode)).reshape(*image.shape[:2], channels)


def random_box(
    height: int,
    width: int,
    rng: np.random.Generator,
    *,
    area: tuple[float, float],
    aspect: tuple[float, float] = (3 / 4, 4 / 3),
) -> Box:
    """A random box (left, top, right, bottom) inside an image, as in Szegedy et al. 2014 ("Inception crop").

    Its share of the image's area is uniform in `area`, the logarithm of its aspect (width / height) uniform in
    `aspect`. When ten draws do not fit into the image, it is the largest central box with a permitted aspect.
    """
    low, high = math.log(aspect[0]), math.log(aspect[1])
    for _ in range(_TRIES):
        target = height * width * rng.uniform(*area)
        ratio = math.exp(rng.uniform(low, high))
        box_width, box_height = round(math.sqrt(target * ratio)), round(math.sqrt(target / ratio))
        if 0 < box_width <= width and 0 < box_height <= height:
            left, top = int(rng.integers(width - box_width + 1)), int(rng.integers(height - box_height + 1))
            return left, top, left + box_width, top + box_height
    ratio = min(max(width / height, aspect[0]), aspect[1])
    box_width, box_height = min(width, round(height * ratio)), min(height, round(width / ratio))
    return _central(height, width, box_height, box_width)


def central_box(height: int, width: int) -> Box:
    """The largest square in the middle of an image."""
    side = min(height, width)
    return _central(height, width, side, side)


def resized(image: Pixels, size: int, box: Box | None = None) -> Pixels:
    """The part of an image within `box` (default: all of it) as (size, size[, C]), bicubic with antialiasing."""
    if box is not None:
        # Cut out first: Pillow's own `box` lets pixels beyond its edges in.
        left, top, right, bottom = box
        image = image[top:bottom, left:right]
    if image.shape[:2] == (size, size):
        return image
    if image.ndim == 3 and image.shape[2] == 1:
        return resized(image[..., 0], size)[..., None]
    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC))


def flipped(image: Pixels, rng: np.random.Generator, share: float = 0.5) -> Pixels:
    """The image, mirrored left to right with probability `share`."""
    return image[:, ::-1] if rng.random() < share else image


def _central(height: int, width: int, box_height: int, box_width: int) -> Box:
    left, top = (width - box_width) // 2, (height - box_height) // 2
    return left, top, left + box_width, top + box_height
