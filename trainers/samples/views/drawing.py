"""What is drawn of a view before its pixels are known: one row of `DRAWN`, and where its fields lie."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .boxes import Box

NOT_SOLARIZED = 256
"""A threshold that no pixel reaches."""

DRAWN = np.dtype(
    [
        ("box", np.int32, (4,)),  # left, top, right, bottom of the upright full-size image; right, bottom exclusive
        ("flip", np.bool_),  # mirrored left to right, after the cut
        ("angle", np.uint8),  # quarter turns counter-clockwise, after the flip
        ("order", np.uint8, (4,)),  # a permutation of 0 brightness, 1 contrast, 2 saturation, 3 hue
        ("brightness", np.float32),  # a factor; 1: unchanged
        ("contrast", np.float32),  # a factor; 1: unchanged
        ("saturation", np.float32),  # a factor; 1: unchanged
        ("hue", np.float32),  # in turns, -0.5 .. 0.5; 0: unchanged
        ("grayscale", np.bool_),
        ("sigma", np.float32),  # of the Gaussian blur, in pixels of the output; 0: none
        ("kernel_size", np.int32),  # of the blur, odd; 1: none
        ("solarize", np.int32),  # pixels at or above it are inverted; NOT_SOLARIZED: none
    ],
    align=True,
)
"""One view of one image, ready to be rendered."""

Plan = NDArray[np.void]
"""`DRAWN` of any shape; of one sample (views,)."""

ROW = DRAWN.itemsize


def _place(name: str) -> int:
    """Where a field of `DRAWN` stands, counted in items of its own size: kernels take the rows as they lie."""
    if DRAWN.fields is None:
        raise TypeError("the rows of a plan have fields")
    kind, offset = DRAWN.fields[name][:2]
    return offset // kind.base.itemsize


FLIP, ANGLE, ORDER, GRAYSCALE = map(_place, ("flip", "angle", "order", "grayscale"))
"""Among the bytes of a row."""
BOX, KERNEL_SIZE, SOLARIZE = map(_place, ("box", "kernel_size", "solarize"))
"""Among its integers of 32 bits."""
FACTORS, SIGMA = map(_place, ("brightness", "sigma"))
"""Among its floating-point numbers of 32 bits; the factors and the hue stand one after the other."""


def only_cut(box: Box) -> tuple[Any, ...]:
    """The row of a view that is nothing but a box of the image."""
    return box, False, 0, (0, 1, 2, 3), 1.0, 1.0, 1.0, 0.0, False, 0.0, 1, NOT_SOLARIZED
