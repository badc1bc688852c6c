"""What all resampling and blurring is made of: steps on vectors of bytes."""

from typing import Any

from numpy.typing import NDArray

from headrace.shards.base.kernels.compile import Intrinsic, device

LANES = 32
"""Pixels that one step of `weigh` makes."""

TILE = 16
"""The side of the square of bytes that `transpose` turns."""

PRECISION = 22
"""Bits behind the point of a weight, as in Pillow: 8 bits of a pixel and 2 for overshooting are left of 32."""

FRACTION = 7
"""Bits behind the point of a level of 16 bits."""

weigh = Intrinsic(f"{__package__}.lane_instructions:weigh")
"""`weigh(out, to, data, at, stride, weights, first, taps)`: LANES pixels of `out` from the place `to` on become the sum
of those of `data` at `at`, `at + stride`, ... times `weights[first]`, `weights[first + 1]`, ..., rounded, 0 to 255.
"""

weigh_three = Intrinsic(f"{__package__}.lane_instructions:weigh_three")
"""The same with three times as many, side by side: a third of the work around the sums."""

smooth = Intrinsic(f"{__package__}.lane_instructions:smooth")
"""`weigh` with 16 bits for levels (FRACTION of them behind the point) and for weights (all of them); where `out` is
of bytes, levels are rounded to these.
"""

transpose = Intrinsic(f"{__package__}.lane_instructions:transpose")
"""`transpose(out, to, out_stride, data, at, stride)`: TILE rows of TILE bytes, `stride` apart from `at` on, become the
columns of as many in `out`, `out_stride` apart from `to` on.
"""


@device
def padded(length: int) -> int:
    """As much as whole vectors hold."""
    return (length + LANES - 1) // LANES * LANES


@device
def copy(out: NDArray[Any], data: NDArray[Any]) -> None:
    """Fill `out` with the first of `data`; they must not overlap."""
    for place in range(len(out)):
        out[place] = data[place]
