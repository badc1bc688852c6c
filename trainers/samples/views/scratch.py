"""The scratch space of rendering: one array, divided by the kernel, so that a call passes few arrays and makes none."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels.compile import device

from .colour import STRIP
from .lanes import FOUR, TILE, padded
from .tables import most_fours, most_taps, raw_numbers, slots

Bytes = NDArray[np.uint8]
Shorts = NDArray[np.uint16]
Ints = NDArray[np.int32]


LINE = 64
"""Bytes of a line of the cache: where a part begins with one, no vector of it lies across two."""


class Scratch(NamedTuple):
    """Its parts, all flat; `padded` sizes are whole vectors."""

    columns: Ints  # the table of the pass along the rows, see `tables.fill_table`
    rows: Ints  # likewise, that of the pass along the columns
    weights: Shorts  # of the blur
    raw: NDArray[np.float64]  # what weights are made of, see `tables.fill_table`
    strip: NDArray[np.float32]  # see `colour.recolour`
    turned: Bytes  # see `resample.squeeze_rows`
    squeezed: Bytes  # likewise
    middle: Bytes  # likewise
    planes: Bytes  # (channels, padded size, padded size), the view
    line: Shorts  # see `blur.blur`
    smooth: Shorts  # likewise


@device
def scratch_ends(height: int, width: int, channels: int, size: int, support: int) -> tuple[int, ...]:
    """Where the parts end, in bytes.

    Args:
        height: Of the image.
        width: Likewise.
        channels: Likewise.
        size: Of a view.
        support: The filter.
    """
    full, taps = padded(size), most_taps(max(width, height), size, support)
    columns = _lines(4 * full * (2 + FOUR * most_fours(taps)))
    rows = 2 * columns
    # A blur reaches less than `size` pixels to either side.
    weights = rows + _lines(2 * size)
    raw = weights + 8 * raw_numbers(size, taps)
    strip = raw + 4 * 3 * STRIP
    turned = strip + TILE * slots(width) * channels
    squeezed = turned + TILE * channels * full
    middle = squeezed + slots(height) * channels * full
    planes = middle + channels * full * full
    line = planes + _lines(2 * (full + 2 * size))
    smooth = line + 2 * 3 * size * full
    return columns, rows, weights, raw, strip, turned, squeezed, middle, planes, line, smooth


@device
def _lines(length: int) -> int:
    """As much as whole lines of the cache hold; what is not rounded up to them by this fills them anyway."""
    return (length + LINE - 1) // LINE * LINE


@device
def divided(space: Bytes, ends: tuple[int, ...]) -> Scratch:
    """The parts of a scratch space."""
    return Scratch(
        space[: ends[0]].view(np.int32),
        space[ends[0] : ends[1]].view(np.int32),
        space[ends[1] : ends[2]].view(np.uint16),
        space[ends[2] : ends[3]].view(np.float64),
        space[ends[3] : ends[4]].view(np.float32),
        space[ends[4] : ends[5]],
        space[ends[5] : ends[6]],
        space[ends[6] : ends[7]],
        space[ends[7] : ends[8]],
        space[ends[8] : ends[9]].view(np.uint16),
        space[ends[9] : ends[10]].view(np.uint16),
    )
