"""Views from pixels: cut, resize, flip, turn, jitter, greyscale, blur and solarise, one call for views of one size."""

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import device, kernel, reads, writes

from .blur import blur, blur_radius
from .colour import STEPS, changes, recolour
from .drawing import ANGLE, DRAWN, FACTORS, FLIP, GRAYSCALE, KERNEL_SIZE, NOT_SOLARIZED, ORDER, ROW, SIGMA, SOLARIZE
from .lanes import TILE, copy, padded
from .resample import squeeze_columns, squeeze_rows
from .scratch import LINE, Scratch, divided, scratch_ends
from .tables import BICUBIC, BILINEAR, fill_table, window

Bytes = NDArray[np.uint8]

FILTERS = {"bilinear": BILINEAR, "bicubic": BICUBIC}


class Renderer:
    """Renders views of one size; it keeps its scratch space from call to call, so each thread needs its own.

    Args:
        size: Side of a view in pixels.
        interpolation: `bilinear` or `bicubic`, both with antialiasing.
    """

    def __init__(self, size: int, interpolation: str = "bicubic") -> None:
        self._size, self._filter = size, FILTERS[interpolation]
        self._space, self._shape = np.empty(0, np.uint8), (0, 0, 0)

    def __call__(self, pixels: Bytes, boxes: NDArray[np.float64], plan: NDArray[np.void], out: Bytes) -> None:
        """Render the views of a plan into `out`.

        Args:
            pixels: An image, contiguous uint8 (H, W, C), C = 1 or 3.
            boxes: Contiguous float64 (views, 4): left, top, right, bottom in pixels of `pixels`, which stand for those
                of the plan. Of a pixel that an edge cuts, only the part inside counts.
            plan: Contiguous (views,) of `DRAWN`.
            out: Contiguous uint8 (views, C, size, size), all of it written.

        Raises:
            ValueError: The shapes do not belong together, or `out` is not contiguous.
            TypeError: An array is of another type or not contiguous.
        """
        height, width, channels = pixels.shape
        shape = (len(plan), channels, self._size, self._size)
        fits = plan.dtype == DRAWN and boxes.shape == (len(plan), 4) and out.shape == shape and out.flags.c_contiguous
        if not fits or channels not in (1, 3):
            raise ValueError(
                f"a plan of {len(plan)} views of {channels} channels takes boxes of shape {(len(plan), 4)} and a place "
                f"of shape {shape}, contiguous, not {boxes.shape} and {out.shape}; 1 and 3 channels can be rendered"
            )
        pixels = _with_whole_vectors(pixels)
        if pixels.shape != self._shape:
            self._shape = pixels.shape
            needed = scratch_ends(*self._shape, self._size, self._filter)[-1]
            if len(self._space) < needed:
                space = np.empty(needed + LINE, np.uint8)
                self._space = space[-space.ctypes.data % LINE :]
        rows, slots = plan.view(np.uint8), out.reshape(-1)
        render(pixels, height, width, boxes, rows, slots, self._space, self._size, self._filter)


def _with_whole_vectors(pixels: Bytes) -> Bytes:
    """The image, set into a larger one if it is smaller than what is read at once."""
    height, width, channels = pixels.shape
    if min(height, width) >= TILE:
        return pixels
    larger = np.zeros((max(height, TILE), max(width, TILE), channels), np.uint8)
    larger[:height, :width] = pixels
    return larger


@kernel(
    types.void(
        reads(types.uint8, 3), types.int64, types.int64, reads(types.float64, 2), reads(types.uint8),
        writes(types.uint8), writes(types.uint8), types.int64, types.int64,
    )
)  # fmt: skip
def render(
    pixels: Bytes, height: int, width: int, boxes: NDArray[np.float64], plan: Bytes, out: Bytes, space: Bytes,
    size: int, support: int,
) -> None:  # fmt: skip
    """Render views of an image, (height, width) of `pixels`; `Renderer` makes the arguments."""
    channels, full, area = pixels.shape[2], padded(size), size * size
    scratch = divided(space, scratch_ends(pixels.shape[0], pixels.shape[1], channels, size, support))
    for view in range(len(boxes)):
        drawn = plan[view * ROW : (view + 1) * ROW]
        ints, floats = drawn.view(np.int32), drawn.view(np.float32)
        turns = drawn[ANGLE] % 4
        # Half a turn is to mirror both ways; a quarter is to mirror one way, and to transpose at the end.
        mirrored, upended = (drawn[FLIP] != 0) != (turns == 1 or turns == 2), turns == 2 or turns == 3
        slot, transposed = out[view * channels * area : (view + 1) * channels * area], turns % 2 == 1
        # Planes of whole vectors are made where they are delivered, unless they must still be transposed.
        in_place = size == full and not transposed
        planes = slot if in_place else scratch.planes
        _resample(scratch, planes, pixels, height, width, boxes[view], size, support, mirrored, upended)
        grayscale = drawn[GRAYSCALE] != 0 and channels == 3
        order, factors = drawn[ORDER : ORDER + STEPS], floats[FACTORS : FACTORS + STEPS]
        if grayscale or changes(factors):
            recolour(planes, full * full, channels, area, order, factors, grayscale, scratch.strip)
        different = 1 if grayscale else channels
        sigma = floats[SIGMA]
        reach = blur_radius(sigma, ints[KERNEL_SIZE], size)
        for channel in range(different if reach > 0 else 0):
            plane = planes[channel * full * full : (channel + 1) * full * full]
            blur(plane, size, sigma, reach, scratch.weights, scratch.line, scratch.smooth)
        for channel in range(channels):
            if channel >= different or not in_place:
                plane = planes[channel % different * full * full :]
                _move(slot[channel * area : (channel + 1) * area], plane, size, full, transposed)
        if ints[SOLARIZE] < NOT_SOLARIZED:
            _solarize(slot, np.uint8(ints[SOLARIZE]))


@device
def _resample(
    scratch: Scratch, planes: Bytes, pixels: Bytes, height: int, width: int, box: NDArray[np.float64], size: int,
    support: int, mirrored: bool, upended: bool,
) -> None:  # fmt: skip
    """Cut, resize and mirror, into `planes`."""
    channels, stride = pixels.shape[2], pixels.shape[1] * pixels.shape[2]
    low, high = _inside(box[0], box[2], width)
    left, cut_width = window(low, high, pixels.shape[1], TILE)
    fill_table(scratch.columns, scratch.raw, low, high, left, cut_width, size, support, mirrored)
    low, high = _inside(box[1], box[3], height)
    top, cut_height = window(low, high, pixels.shape[0], TILE)
    fill_table(scratch.rows, scratch.raw, low, high, top, cut_height, size, support, upended)
    squeeze_rows(
        scratch.middle, pixels, top * stride + left * channels, stride, cut_height, cut_width, channels,
        size, scratch.columns, scratch.turned, scratch.squeezed,
    )  # fmt: skip
    squeeze_columns(planes, scratch.middle, channels, size, scratch.rows)


@device
def _inside(low: float, high: float, length: int) -> tuple[float, float]:
    """The part of a span that lies in an image: never nothing, so that no drawing makes the kernel read elsewhere."""
    low = min(max(low, 0.0), length - 1.0)
    return low, max(min(high, float(length)), low + 1e-6)


@device
def _move(out: Bytes, plane: Bytes, size: int, stride: int, transposed: bool) -> None:
    """Write a plane to its slot, transposed if so drawn."""
    for row in range(size):
        line = out[row * size : (row + 1) * size]
        if transposed:
            for column in range(size):
                line[column] = plane[column * stride + row]
        else:
            copy(line, plane[row * stride :])


@device
def _solarize(levels: Bytes, threshold: np.uint8) -> None:
    for place in range(len(levels)):
        level = levels[place]
        levels[place] = ~level if level >= threshold else level
