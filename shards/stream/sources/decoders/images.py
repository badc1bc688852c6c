"""Pictures as arrays."""

import io

import numpy as np
from numpy.typing import NDArray


def decode_image(data: bytes) -> NDArray[np.uint8]:
    """A JPEG, PNG or WebP picture as uint8, H x W (grey) or H x W x 3.

    Transparency is dropped; 16-bit grey keeps its upper 8 bits.

    Raises:
        OSError: It is none, or damaged.
        PIL.Image.DecompressionBombError: It has more than 178,956,970 pixels.
    """
    from PIL import Image

    with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
        if image.mode.startswith("I"):
            return (np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8)
        return np.array(image.convert("L" if image.mode in ("1", "L", "LA") else "RGB"))
