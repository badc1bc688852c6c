"""The view of a picture with nothing random in it: what evaluations see."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .boxes import central_box
from .decode import decode
from .drawing import DRAWN, only_cut
from .pictures import Picture
from .render import Renderer


def central_view(
    picture: Picture, size: int, channels: Literal[1, 3] = 3, interpolation: str = "bicubic"
) -> NDArray[np.uint8]:
    """The largest central square of a picture, scaled with antialiasing: uint8 (C, size, size).

    Args:
        picture: The picture.
        size: Pixels a side.
        channels: 1 for grey, 3 for red, green and blue.
        interpolation: `bilinear` or `bicubic`.

    Raises:
        ValueError: The picture is damaged.
    """
    plan = np.array([only_cut(central_box(*picture.header.upright_size))], DRAWN)
    decoded = decode(*picture, plan["box"], np.array([size]), channels)
    out = np.empty((1, channels, size, size), np.uint8)
    Renderer(size, interpolation)(decoded.pixels, decoded.boxes, plan, out)
    view: NDArray[np.uint8] = out[0]
    return view
