"""The picture that views are cut out of, no larger than it is shown."""

import numpy as np
from numpy.typing import NDArray

from ..samples.views.decode import decode
from ..samples.views.pictures import Picture
from .look import Original

_SHORTER_SIDE = 360
"""Pixels that are decoded at least."""


def original_of(picture: Picture) -> Original:
    """The upright picture, without outlines.

    Raises:
        ValueError: It is damaged.
    """
    height, width = picture.header.upright_size
    whole = np.array([[0, 0, width, height]], np.int32)
    return Original(flat(decode(*picture, whole, np.array([_SHORTER_SIDE])).pixels), (height, width))


def flat(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, 1) as (H, W), all else as it is."""
    return pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels


def standing(planes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Planes (C, H, W) as a picture (H, W) or (H, W, 3)."""
    return np.ascontiguousarray(flat(np.moveaxis(planes, 0, -1)))
