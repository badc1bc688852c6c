"""What all resampling and blurring is made of: steps on vectors of bytes."""

from typing import Any

from numpy.typing import NDArray

from headrace.shards.base.kernels.compile import Intrinsic, device

LANES = 32
"""What the length of all lines that vectors go along is a multiple of."""

TILE = 16
"""Numbers of 32 bits in a vector; so many rows and columns of pixels are turned into fours at once."""

FOUR = 4
"""Pixels that lie side by side, as bytes, in a number of 32 bits, so that one instruction weighs them all."""

PRECISION = 22
"""Bits behind the point of a weight, as in Pillow: 8 bits of a pixel and 2 for overshooting are left of 32."""

FRACTION = 7
"""Bits behind the point of a level of 16 bits, so that two of them add up to no more than 16."""

gather = Intrinsic(f"{__package__}.four_instructions:gather")
"""`gather(out, to, data, at, stride)`: fours of pixels that are neighbours in their row. TILE rows of TILE pixels, of
one channel, `stride` apart from the place `at` on; in `out`, from `to` on, the fours of the same columns, one of each
row, lie side by side.
"""

gather_three = Intrinsic(f"{__package__}.four_instructions:gather_three")
"""The same of pixels of three channels: of each four columns those of one channel after the other."""

spread = Intrinsic(f"{__package__}.four_instructions:spread")
"""`spread(out, to, out_stride, data, at)`: fours of pixels that are neighbours in their column. In `data`, from `at`
on, TILE columns of TILE pixels lie one after the other; the fours of the same rows side by side become one of four
lines in `out`, `out_stride` apart from `to` on.
"""

prepare = Intrinsic(f"{__package__}.four_instructions:prepare")
"""`prepare(weights, first)`: the weights of a four, from the place `first` on, become what `weigh` takes."""

weigh = Intrinsic(f"{__package__}.four_instructions:weigh")
"""`weigh(out, to, out_stride, data, at, stride, weights, first, fours)`: TILE pixels of `out` from the place `to` on
become the sum of the pixels in fours of `data` at `at`, `at + stride`, ... times `weights[first]`,
`weights[first + 1]`, ..., rounded, 0 to 255. `fours` is how many of them.
"""

weigh_two = Intrinsic(f"{__package__}.four_instructions:weigh_two")
"""The same with twice as many, side by side in `data`, `out_stride` apart in `out`: less work around the sums."""

weigh_three = Intrinsic(f"{__package__}.four_instructions:weigh_three")
"""The same with three times as many."""

smooth = Intrinsic(f"{__package__}.lane_instructions:smooth")
"""`smooth(out, to, data, at, stride, weights, radius)`: LANES levels of 16 bits (FRACTION of them behind the point),
the sum of those at `at` times `weights[0]` and of those at `at - n * stride` and `at + n * stride` times `weights[n]`,
n up to `radius`; weights are of 16 bits, all behind the point. Where `out` is of bytes, levels are rounded to these.
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
