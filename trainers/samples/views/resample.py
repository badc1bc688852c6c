"""A cut of an image resized with antialiasing, bit for bit as by `Image.crop(...).resize(...)` of Pillow before 13.

Pillow 13 takes the columns of some tall cuts first, which in photographs changed single pixels by 4 levels at most.

Pixels go through two passes, along the rows and then along the columns, each a weighted sum of neighbouring pixels in
fixed point, rounded to bytes. A pass works on LANES of such sums at once. Along the columns these lie side by side
already; along the rows they do after LANES rows at a time have been transposed, and what is left of them, which is
less, is transposed back.
"""

import math

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels.compile import device

from .lanes import LANES, PRECISION, TILE, padded, transpose, weigh, weigh_three

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int32]

BILINEAR, BICUBIC = 1, 2
"""Which filter; the number is its support in pixels of the smaller of the two images."""


@device
def most_taps(length: int, size: int, support: int) -> int:
    """Pixels that one pixel of `size` takes from `length`, at most."""
    return 2 * math.ceil(support * max(length / size, 1.0)) + 1


@device
def raw_numbers(size: int, taps: int) -> int:
    """How much scratch space `fill_table` takes, in numbers."""
    return padded(size) * (4 + taps)


@device
def window(low: float, high: float, length: int, least: int) -> tuple[int, int]:
    """Where the pixels to read for a span begin, and how many they are: `least` or more of `length`."""
    begin = min(math.floor(low), length - least)
    return begin, max(math.ceil(high) - begin, least)


@device
def fill_table(
    table: Ints, raw: NDArray[np.float64], low: float, high: float, begin: int, size: int, support: int, mirrored: bool
) -> None:  # fmt: skip
    """Fill the table of one axis: of each pixel, the first pixel it takes, how many, and their weights.

    Entries beyond `size`, which only fill the last vector, take one pixel with weight 0.

    Args:
        table: int32, flat: `padded(size)` entries, each of as many places as fit.
        raw: Scratch, float64, as long as `raw_numbers` says: of all pixels the centers, first taps, counts and totals,
            then the weights of one tap after the other, so that pixels lie side by side in a vector.
        low: Where the box begins; nothing is taken from beyond the pixel that this lies in.
        high: Where it ends, likewise.
        begin: The pixel from which pixels are counted in the table.
        size: Pixels that the box becomes.
        support: The filter.
        mirrored: Whether the last of them comes first.
    """
    full = padded(size)
    step = len(table) // full
    edge = math.floor(low)
    length = math.ceil(high) - edge
    scale = (high - low) / size
    stretch = max(scale, 1.0)
    reach = support * stretch
    narrowing = 1.0 / stretch
    centers, firsts = raw[:full], raw[full : 2 * full]
    counts, totals = raw[2 * full : 3 * full], raw[3 * full : 4 * full]
    for place in range(size):
        center = low - edge + (place + 0.5) * scale
        first = max(np.int32(center - reach + 0.5), np.int32(0))
        centers[place], firsts[place], totals[place] = center, first, 0.0
        counts[place] = min(np.int32(center + reach + 0.5), np.int32(length)) - first
    for tap in range(min(int(2.0 * reach) + 2, step - 2)):
        weights = raw[(4 + tap) * full : (5 + tap) * full]
        for place in range(size):
            weight = _filter((tap + firsts[place] - centers[place] + 0.5) * narrowing, support)
            weight = weight if tap < counts[place] else 0.0
            weights[place] = weight
            totals[place] += weight
    for place in range(size):
        entry = (size - 1 - place if mirrored else place) * step
        count, portion = int(counts[place]), 1.0 / totals[place]
        table[entry], table[entry + 1] = edge - begin + int(firsts[place]), count
        for tap in range(count):
            weight = raw[(4 + tap) * full + place] * portion * (1 << PRECISION)
            table[entry + 2 + tap] = int(weight + (0.5 if weight >= 0.0 else -0.5))
    for entry in range(size * step, len(table), step):
        table[entry], table[entry + 1], table[entry + 2] = 0, 1, 0


@device
def _filter(distance: float, support: int) -> float:
    """Weight at a distance; Keys's cubic with a = -0.5 for BICUBIC."""
    x = abs(distance)
    if support == BILINEAR:
        return max(1.0 - x, 0.0)
    near = ((-0.5 + 2.0) * x - (-0.5 + 3.0)) * x * x + 1.0
    far = (((x - 5.0) * x + 8.0) * x - 4.0) * -0.5
    return near if x < 1.0 else (far if x < 2.0 else 0.0)


@device
def squeeze_rows(
    middle: Bytes, pixels: Bytes, at: int, stride: int, height: int, width: int, channels: int, size: int,
    table: Ints, turned: Bytes, squeezed: Bytes,
) -> None:  # fmt: skip
    """The pass along the rows: `middle`, (height, channels, padded size), from rows of interleaved pixels.

    Args:
        middle: Where it goes.
        pixels: The image; the cut begins at the place `at`, its rows lie `stride` apart.
        at: See `pixels`.
        stride: See `pixels`.
        height: Rows of the cut, LANES or more.
        width: Bytes of a row of it, TILE or more.
        channels: Of a pixel.
        size: Pixels that a row becomes.
        table: See `fill_table`.
        turned: Scratch for the rows as columns, (width, LANES).
        squeezed: Scratch for what becomes of them, (padded size, channels, LANES).
    """
    full = padded(size)
    step = len(table) // full
    for block in range(0, height, LANES):
        row = min(block, height - LANES)
        for column in range(0, width, TILE):
            byte = min(column, width - TILE)
            for half in range(0, LANES, TILE):
                transpose(turned, byte * LANES + half, LANES, pixels, at + (row + half) * stride + byte, stride)
        for place in range(full):
            first, count = table[place * step], table[place * step + 1]
            to, source, apart = place * channels * LANES, first * channels * LANES, channels * LANES
            if channels == 3:
                weigh_three(squeezed, to, turned, source, apart, table, place * step + 2, count)
            else:
                weigh(squeezed, to, turned, source, apart, table, place * step + 2, count)
        for channel in range(channels):
            for column in range(0, full, TILE):
                for half in range(0, LANES, TILE):
                    to = ((row + half) * channels + channel) * full + column
                    source = (column * channels + channel) * LANES + half
                    transpose(middle, to, channels * full, squeezed, source, channels * LANES)


@device
def squeeze_columns(planes: Bytes, middle: Bytes, channels: int, size: int, table: Ints) -> None:
    """The pass along the columns: `planes`, (channels, padded size, padded size), from (height, channels, ...)."""
    size, step = padded(size), len(table) // padded(size)
    for row in range(size):
        first, count = table[row * step], table[row * step + 1]
        for channel in range(channels):
            for column in range(0, size, LANES):
                weigh(
                    planes, (channel * size + row) * size + column,
                    middle, (first * channels + channel) * size + column, channels * size, table, row * step + 2, count,
                )  # fmt: skip
