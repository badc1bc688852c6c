"""Views of a whole batch as tensor operations on any device: of the same plans, what `render` makes but for rounding.

Plans travel as they lie in memory, as bytes beside the images, and are read where they arrive; nothing on the way waits
for the device. Shapes alone decide what is computed, so one compiled program serves all batches of a size.

Legend: N images, V views of each, C channels, H and W the sides of the images, S that of the views, R = N * V.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from .banded import blur_matrices, resize_matrices, weighed
from .device_colour import jittered, luma, solarized
from .drawing import DRAWN, Plan
from .render import FILTERS

_DTYPES = {np.dtype(np.float32): torch.float32, np.dtype(np.int32): torch.int32}


class _Field(NamedTuple):
    """Where a field of `DRAWN` lies among its bytes, and what they are."""

    bytes: slice
    dtype: torch.dtype
    shape: tuple[int, ...]


def _field_of(kind: np.dtype[np.void], offset: int) -> _Field:
    return _Field(slice(offset, offset + kind.itemsize), _DTYPES.get(kind.base, torch.uint8), kind.shape)


_FIELDS = {name: _field_of(*entry[:2]) for name, entry in (DRAWN.fields or {}).items()}

MEMORY = 1 << 30
"""Bytes of intermediate results, about, unless told."""


class Drawn(NamedTuple):
    """What `DRAWN` says of R views but for their boxes."""

    flip: Tensor  # (R,) uint8
    angle: Tensor  # (R,) uint8
    order: Tensor  # (R, 4) uint8
    brightness: Tensor  # (R,) float32, as what follows
    contrast: Tensor
    saturation: Tensor
    hue: Tensor
    grayscale: Tensor  # (R,) uint8
    sigma: Tensor  # (R,) float32
    kernel_size: Tensor  # (R,) int32
    solarize: Tensor  # (R,) int32


def plan_bytes(plan: Plan) -> Tensor:
    """A plan, `DRAWN` of any shape, as a uint8 tensor with one more dimension; it shares the plan's memory."""
    contiguous = np.ascontiguousarray(plan)
    return torch.from_numpy(contiguous.view(np.uint8).reshape(*contiguous.shape, DRAWN.itemsize))


def render_batch(
    images: Tensor, boxes: Tensor, plans: Tensor, *, size: int, interpolation: str, memory: int = MEMORY
) -> Tensor:
    """Views of a batch of images, in chunks that fit into `memory`.

    They are cut, resized, flipped and turned bit for bit as by `render`. After the colours, less than 1 pixel in 1000,
    and after the blur, less than 1 in 50, is rounded to the next level; some of those lie then on the other side of
    the threshold of solarising.

    Args:
        images: uint8 (N, C, H, W), C = 1 or 3. Smaller images are padded with anything at the right and the bottom:
            nothing beyond its box enters a view.
        boxes: (N, V, 4): left, top, right, bottom in pixels of `images`, which stand for those of the plans. Of a pixel
            that an edge cuts, only the part inside counts.
        plans: uint8 (N, V, `DRAWN.itemsize`), from `plan_bytes`, on the same device.
        size: Pixels a side of a view.
        interpolation: `bilinear` or `bicubic`, both with antialiasing.
        memory: Bytes of intermediate results, about; at least what one image needs is taken.

    Returns:
        uint8 (N, V, C, S, S).
    """
    count, views = plans.shape[:2]
    out = images.new_empty((count, views, images.shape[1], size, size))
    chunk = max(1, memory // _bytes_per_image(images.shape, views, size))
    for first in range(0, count, chunk):
        part = slice(first, first + chunk)
        out[part] = _rendered(images[part], plans[part], boxes[part], size, FILTERS[interpolation])
    return out


def _bytes_per_image(shape: torch.Size, views: int, size: int) -> int:
    """What `_rendered` was seen to need at its largest, as it resizes or as it colours and blurs."""
    _, channels, height, width = shape
    resizing = channels * height * (width + 6 * views * size) + 8 * views * size * (width + height)
    colours = views * 48 * size * size
    return torch.float32.itemsize * max(resizing, colours)


def _rendered(images: Tensor, plans: Tensor, boxes: Tensor, size: int, support: int) -> Tensor:
    drawn = Drawn(*(_read(plans, name).flatten(0, 1) for name in Drawn._fields))
    turns = drawn.angle % 4
    levels = _resampled(images, boxes, drawn.flip.bool(), turns, size, support)
    factors = torch.stack((drawn.brightness, drawn.contrast, drawn.saturation, drawn.hue), -1)
    levels = jittered(levels, drawn.order, factors)
    levels = torch.where(_across(drawn.grayscale.bool()), luma(levels), levels).add(0.5).floor()
    kernels = blur_matrices(drawn.sigma, drawn.kernel_size, size)[:, None]
    levels = (kernels @ levels @ kernels.mT).add(0.5).floor()
    levels = solarized(levels, drawn.solarize)
    levels = torch.where(_across(turns % 2 == 1), levels.mT, levels)
    return levels.to(torch.uint8).reshape(*plans.shape[:2], *levels.shape[1:])


def _resampled(images: Tensor, boxes: Tensor, flip: Tensor, turns: Tensor, size: int, support: int) -> Tensor:
    """Cut, resized and mirrored, float32 (R, C, S, S) of whole levels.

    Half a turn is to mirror both ways; a quarter is to mirror one way here, and to transpose at the end.
    """
    height, width = images.shape[-2:]
    views = boxes.shape[:2]
    left, top, right, bottom = boxes.flatten(0, 1).double().unbind(-1)
    mirrored, upended = flip ^ ((turns == 1) | (turns == 2)), (turns == 2) | (turns == 3)
    columns = resize_matrices(left, right, width, size, support, mirrored).reshape(2, *views, size, width)
    rows = resize_matrices(top, bottom, height, size, support, upended).reshape(2, *views, size, height)
    middle = weighed(torch.einsum("nchw,knvsw->knvchs", images.float(), columns))
    return weighed(torch.einsum("nvchs,knvth->knvcts", middle, rows)).flatten(0, 1)


def _across(flags: Tensor) -> Tensor:
    """(R,) as what goes with (R, C, S, S)."""
    return flags[:, None, None, None]


def _read(plans: Tensor, name: str) -> Tensor:
    """A field of `DRAWN`, from its bytes."""
    field = _FIELDS[name]
    numbers = plans[..., field.bytes].contiguous().view(field.dtype)
    return numbers if field.shape else numbers.squeeze(-1)
