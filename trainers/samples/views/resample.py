"""A cut of an image resized with antialiasing, bit for bit as by `Image.crop(...).resize(...)` of Pillow before 13.

Pillow 13 takes the columns of some tall cuts first, which in photographs changed single pixels by 5 levels at most.

Pixels go through two passes, along the rows and then along the columns, each a weighted sum of neighbouring pixels in
fixed point, rounded to bytes. A pass works on TILE of such sums at once, whose pixels lie side by side in fours of
neighbours (see `lanes`): along the rows neighbours in a row, of TILE rows at a time; along the columns neighbours in a
column, whole rows of them.
"""

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels.compile import device

from .lanes import FOUR, TILE, gather, gather_three, padded, spread, weigh, weigh_three, weigh_two
from .tables import slots

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int32]


@device
def squeeze_rows(
    middle: Bytes, pixels: Bytes, at: int, stride: int, height: int, width: int, channels: int, size: int,
    table: Ints, turned: Bytes, squeezed: Bytes,
) -> None:  # fmt: skip
    """The pass along the rows: fours of neighbours in a column, from rows of interleaved pixels.

    Args:
        middle: Where they go, (slots(height) / FOUR, channels, padded size, FOUR).
        pixels: The image; the cut begins at the place `at`, its rows lie `stride` apart.
        at: See `pixels`.
        stride: See `pixels`.
        height: Rows of the cut, TILE or more.
        width: Pixels of a row of it, TILE or more.
        channels: Of a pixel.
        size: Pixels that a row becomes.
        table: See `tables.fill_table`.
        turned: Scratch for the fours of TILE rows, (slots(width) / FOUR, channels, TILE, FOUR).
        squeezed: Scratch for what becomes of them, (channels, padded size, TILE).
    """
    full = padded(size)
    step, line, apart = len(table) // full, full * TILE, channels * TILE * FOUR
    for block in range(0, height, TILE):
        row = min(block, height - TILE)
        for tile in range(0, width, TILE):
            source, to = at + row * stride + min(tile, width - TILE) * channels, min(tile, slots(width) - TILE)
            if channels == 3:
                gather_three(turned, to * channels * TILE, pixels, source, stride)
            else:
                gather(turned, to * channels * TILE, pixels, source, stride)
        for place in range(full):
            first, fours = table[place * step] * apart, table[place * step + 1]
            if channels == 3:
                weigh_three(squeezed, place * TILE, line, turned, first, apart, table, place * step + 2, fours)
            else:
                weigh(squeezed, place * TILE, line, turned, first, apart, table, place * step + 2, fours)
        into = min(block, slots(height) - TILE) * channels * full
        for channel in range(channels):
            for column in range(0, full, TILE):
                source = channel * line + column * TILE
                spread(middle, into + (channel * full + column) * FOUR, channels * full * FOUR, squeezed, source)


@device
def squeeze_columns(planes: Bytes, middle: Bytes, channels: int, size: int, table: Ints) -> None:
    """The pass along the columns: `planes`, (channels, padded size, padded size), from what `squeeze_rows` makes."""
    full = padded(size)
    step, apart = len(table) // full, channels * full * FOUR
    for row in range(full):
        first, fours = table[row * step] * apart, table[row * step + 1]
        for channel in range(channels):
            for column in range(0, full, 2 * TILE):
                to, source = (channel * full + row) * full + column, first + (channel * full + column) * FOUR
                weigh_two(planes, to, TILE, middle, source, apart, table, row * step + 2, fours)
