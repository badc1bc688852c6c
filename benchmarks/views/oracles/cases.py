"""What is compared: operations with the values that all libraries get. Only the standard library."""

from dataclasses import dataclass
from typing import Any

SIZE = 224
"""Pixels a side of what comes out."""

BOXES = ((17, 23, 348, 310), (60, 50, 210, 181), (0, 0, 427, 427))
"""Left, top, right and bottom in a photograph of at least 427 x 427: made smaller by a half, larger, and by two."""

PATCH = (100, 100, 100 + SIZE, 100 + SIZE)
"""The part of a photograph whose colours are changed, so that nothing is scaled."""

FACTORS = (0.4, 0.9, 1.6)
CHAIN = {"saturation": 1.2, "brightness": 1.3, "hue": 0.1, "contrast": 0.7}
"""In this order."""


@dataclass(frozen=True)
class Case:
    """An operation with a value.

    Args:
        operation: The row of the table that it counts for.
        value: A box, a factor, a shift of hue in turns, a sigma in pixels, a threshold; True where there is nothing to
            choose.
    """

    operation: str
    value: Any


CASES = (
    *(Case("bilinear", box) for box in BOXES),
    *(Case("bicubic", box) for box in BOXES),
    *(Case("brightness", factor) for factor in FACTORS),
    *(Case("contrast", factor) for factor in FACTORS),
    *(Case("saturation", factor) for factor in FACTORS),
    *(Case("hue", shift) for shift in (-0.15, 0.02, 0.1)),
    Case("jitter in a row", True),
    Case("grayscale", True),
    *(Case("gaussian_blur", sigma) for sigma in (0.5, 1.0, 2.0)),
    Case("solarize", 128),
)
KERNEL = 23
"""Pixels a side of the blur's kernel, where a library has one."""
