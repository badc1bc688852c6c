"""Masks drawn over the pixels of a view."""

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..samples.masks.presets import Mask
from .look import Panel, Pixels
from .style import TARGETS

_HIDDEN = 222
"""The level of a patch that is not seen."""
_PALE, _TINT = 0.3, 0.45
"""How much is left of a pixel that is not predicted; how much of its target's colour gets one that is."""


def masked_panels(view: Panel, mask: Mask | None) -> list[Panel]:
    """A view; what is seen of it where it is masked, and its targets where they are not just all that is hidden."""
    if mask is None:
        return [view]
    if not mask.targets:
        return [replace(view, lines=(*view.lines, "not masked"))]
    part = partial(replace, view)
    total, seen = mask.seen.size, int(mask.seen.sum())
    shown = _seen(view.pixels, mask.seen)
    if len(mask.targets) == 1:
        lines = (f"{len(mask.targets[0])} of {total} patches hidden",)
        return [view, part(heading=f"{view.heading}, seen", pixels=shown, lines=lines)]
    sizes = f"{len(mask.targets)} of {len(mask.targets[0])} patches"
    return [
        view,
        part(heading=f"{view.heading}, context", pixels=shown, lines=(f"{seen} of {total} patches",)),
        part(heading=f"{view.heading}, targets", pixels=_targets(view.pixels, mask), lines=(sizes,)),
    ]


def _seen(pixels: Pixels, seen: NDArray[np.bool_]) -> Pixels:
    """The pixels, those of unseen patches grey, also where the grid leaves some over."""
    shown = np.full_like(pixels, _HIDDEN)
    where = _enlarged(seen, pixels)
    shown[where] = pixels[where]
    return shown


def _targets(pixels: Pixels, mask: Mask) -> Pixels:
    """The pixels, pale where nothing is predicted; each target in its colour, its border above all others' insides."""
    colour = np.stack([pixels] * 3, -1) if pixels.ndim == 2 else pixels
    shown = 255 - (255 - colour.astype(np.float32)) * _PALE
    tints = [np.array(TARGETS[number % len(TARGETS)], np.float32) for number in range(len(mask.targets))]
    blocks = [_enlarged(_block(target, mask), pixels) for target in mask.targets]
    for block, tint in zip(blocks, tints, strict=True):
        shown[block] = (1 - _TINT) * colour[block] + _TINT * tint
    for block, tint in zip(blocks, tints, strict=True):
        shown[block & ~_shrunken(block)] = tint
    return shown.astype(np.uint8)


def _block(target: NDArray[np.int64], mask: Mask) -> NDArray[np.bool_]:
    block = np.zeros(mask.seen.shape, np.bool_)
    block.flat[target] = True
    return block


def _enlarged(grid: NDArray[np.bool_], pixels: Pixels) -> NDArray[np.bool_]:
    """A grid of patches as pixels."""
    height, width = pixels.shape[:2]
    down, across = height // grid.shape[0], width // grid.shape[1]
    where = np.zeros((height, width), np.bool_)
    large = grid.repeat(down, 0).repeat(across, 1)
    where[: large.shape[0], : large.shape[1]] = large
    return where


def _shrunken(where: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What has neighbours on all four sides two pixels away; one where views are small."""
    reach = 2 if len(where) >= 128 else 1
    inner = np.pad(where, reach)
    stop = -2 * reach
    middle = slice(reach, -reach)
    return inner[:stop, middle] & inner[2 * reach :, middle] & inner[middle, :stop] & inner[middle, 2 * reach :]
