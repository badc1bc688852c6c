"""Colours of a batch of views: float32 (R, C, S, S), levels from 0 to 255; the steps of `colour`, on any device."""

import torch
from torch import Tensor

from .colour import BLUE, BRIGHTNESS, CONTRAST, GREEN, HUE, RED, STEPS

LUMA = (float(RED), float(GREEN), float(BLUE))


def jittered(levels: Tensor, order: Tensor, factors: Tensor) -> Tensor:
    """Brightness, contrast, saturation and hue of each view in its own order.

    Args:
        levels: float32 (R, C, S, S), C = 1 or 3; a single channel is not changed by saturation and hue.
        order: uint8 (R, 4), which step comes first, and so on.
        factors: float32 (R, 4), of brightness, contrast and saturation, and the shift of hue in turns.
    """
    for turn in range(STEPS):
        step = order[:, turn].long()
        factor = factors.gather(1, step[:, None])[..., None, None]
        step = step[:, None, None, None]
        # Three steps are one: to blend with black, with the mean of the luma, or with the luma itself.
        gray = luma(levels)
        toward = torch.where(step == CONTRAST, gray.mean((2, 3), keepdim=True), gray)
        toward = torch.where(step == BRIGHTNESS, 0.0, toward)
        blended = torch.lerp(toward, levels, factor).clamp(0, 255)
        levels = torch.where(step == HUE, hue_shifted(levels, factor), blended)
    return levels


def hue_shifted(levels: Tensor, turns: Tensor) -> Tensor:
    """The hue of HSV turned; its six sectors are straight lines between the smallest and the greatest level."""
    if levels.shape[1] == 1:
        return levels
    red, green, blue = levels[:, 0:1], levels[:, 1:2], levels[:, 2:3]
    low, high = levels.amin(1, keepdim=True), levels.amax(1, keepdim=True)
    chroma = high - low
    sector = torch.where(
        red == high, green - blue, torch.where(green == high, 2 * chroma + blue - red, 4 * chroma + red - green)
    )
    hue = (sector / chroma.clamp_min(torch.finfo(chroma.dtype).tiny) + 6 * turns).remainder(6)
    shares = torch.cat(((hue - 3).abs() - 1, 2 - (hue - 2).abs(), 2 - (hue - 4).abs()), 1)
    return low + chroma * shares.clamp(0, 1)


def luma(levels: Tensor) -> Tensor:
    """(R, 1, S, S)."""
    if levels.shape[1] == 1:
        return levels
    red, green, blue = levels[:, 0:1], levels[:, 1:2], levels[:, 2:3]
    return LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue


def solarized(levels: Tensor, thresholds: Tensor) -> Tensor:
    """Levels at or above the view's threshold, int32 (R,), inverted."""
    return torch.where(levels >= thresholds[:, None, None, None], 255 - levels, levels)
