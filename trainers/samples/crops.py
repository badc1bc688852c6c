"""Crops, sizes and channels of images: uint8 arrays of shape (H, W) or (H, W, C)."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .views.boxes import Box

Pixels = NDArray[np.uint8]


def with_channels(image: Pixels, channels: int) -> Pixels:
    """The image in grey (`channels` = 1, ITU-R 601 luma) or in RGB (3), shape (H, W, channels)."""
    mode = {1: "L", 3: "RGB"}[channels]
    flat = image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image
    return np.asarray(Image.fromarray(flat).convert(mode)).reshape(*image.shape[:2], channels)


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
