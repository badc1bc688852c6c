"""Pictures as arrays."""

import numpy as np
from numpy.typing import NDArray

from ....base.images.decode import decode
from ....base.images.formats import read_header


def decode_image(data: bytes) -> NDArray[np.uint8]:
    """A JPEG, PNG or WebP picture, upright, as uint8, H x W (grey) or H x W x 3; the rules are `base.images`'.

    Raises:
        ValueError: It is none, damaged, cut off, or has more than 178,956,970 pixels.
    """
    pixels = decode(data, read_header(data))
    return pixels[..., 0] if pixels.shape[2] == 1 else pixels
