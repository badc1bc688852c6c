"""From a picture's bytes to its upright pixels."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .by_pillow import decode_by_pillow
from .header import Header, UnusualPicture
from .jpeg import decode_jpeg
from .png import decode_png

_QUICKER = {"JPEG": decode_jpeg, "PNG": decode_png}


def decode(data: bytes, header: Header, channels: Literal[1, 3] | None = None, reduction: int = 1) -> NDArray[np.uint8]:
    """The upright pixels of a picture: uint8, contiguous, of shape (H, W, channels).

    Args:
        data: The file.
        header: What `read_header` makes of it.
        channels: 1 for grey (ITU-R 601 luma; of a JPEG as it is stored), 3 for red, green and blue; None for 1 where
            the picture is grey, else 3.
        reduction: By what both sides are divided, rounded up: one of `header.reductions`.

    Raises:
        ValueError: It is damaged or cut off.
    """
    return header.orientation.upright(_stored(data, header, channels, reduction))


def _stored(data: bytes, header: Header, channels: Literal[1, 3] | None, reduction: int) -> NDArray[np.uint8]:
    quicker = _QUICKER.get(header.format, decode_by_pillow)
    try:
        return quicker(data, header, channels, reduction)
    except UnusualPicture:
        return decode_by_pillow(data, header, channels, reduction)
