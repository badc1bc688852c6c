"""Which way up a picture is held: EXIF's orientation."""

import struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_TAG = 274
_BYTE_ORDERS = {b"II": "<", b"MM": ">"}


class Orientation(NamedTuple):
    """How a stored picture becomes upright, one step after the other.

    Args:
        transposed: Rows become columns.
        across: Mirrored left to right.
        down: Mirrored top to bottom.
    """

    transposed: bool = False
    across: bool = False
    down: bool = False

    def upright(self, stored: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The upright pixels (H, W, C), contiguous, of those stored."""
        pixels = stored.swapaxes(0, 1) if self.transposed else stored
        if self.across:
            pixels = pixels[:, ::-1]
        if self.down:
            pixels = pixels[::-1]
        return np.ascontiguousarray(pixels)


UPRIGHT = Orientation()

_BY_VALUE = {
    1: UPRIGHT,
    2: Orientation(across=True),
    3: Orientation(across=True, down=True),
    4: Orientation(down=True),
    5: Orientation(transposed=True),
    6: Orientation(transposed=True, across=True),
    7: Orientation(transposed=True, across=True, down=True),
    8: Orientation(transposed=True, down=True),
}


def exif_orientation(data: bytes, begin: int) -> Orientation:
    """The orientation in EXIF data; upright where it says nothing, or nothing sensible.

    Args:
        data: A file.
        begin: Where in it the EXIF data's byte order mark stands.
    """
    order = _BYTE_ORDERS.get(data[begin : begin + 2])
    if order is None:
        return UPRIGHT
    try:
        (directory,) = struct.unpack_from(f"{order}I", data, begin + 4)
        (entries,) = struct.unpack_from(f"{order}H", data, begin + directory)
        first = begin + directory + 2
        for entry in range(first, first + 12 * entries, 12):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", data, entry)
            if tag == _TAG:
                return _BY_VALUE.get(value, UPRIGHT)
    except struct.error:
        pass  # it points beyond the file
    return UPRIGHT
