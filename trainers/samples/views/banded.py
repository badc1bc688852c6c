"""Resizing and blurring along one axis as matrices, one of each view: weights of input pixels for output pixels."""

import torch
from torch import Tensor

from .blur import REACH
from .lanes import PRECISION
from .tables import BILINEAR

_LEAST = 1e-6
"""Pixels that a part of an axis has at least, so that no drawing divides by zero."""

_HALF = 1 << (PRECISION // 2)


def resize_matrices(low: Tensor, high: Tensor, length: int, size: int, support: int, mirrored: Tensor) -> Tensor:
    """Antialiased resizing of a part of an axis, by the weights of `resample` (Pillow's), in fixed point.

    A weight of `PRECISION` bits is split in two halves, as no product with a byte is longer than the 24 bits that
    float32 holds: so the sums are exact in whatever order a device adds up. `weighed` puts them together.

    Args:
        low: float64 (R,), where the part begins; no pixel before the one that this lies in is taken. It is held inside
            the axis.
        high: float64 (R,), where it ends, likewise.
        length: Pixels of the axis.
        size: Pixels that the part becomes.
        support: BILINEAR or BICUBIC.
        mirrored: bool (R,), whether the last of them comes first.

    Returns:
        float32 (2, R, size, length) of whole numbers, the upper halves and the lower ones.
    """
    low = low.clamp(0, length - 1)[:, None]
    high = torch.maximum(high.clamp_max(length)[:, None], low + _LEAST)
    places = torch.arange(size, device=low.device)
    places = torch.where(mirrored[:, None], size - 1 - places, places)
    scale = (high - low) / size
    edge = low.floor()
    centers = low - edge + (places + 0.5) * scale
    pixels = torch.arange(length, device=low.device) - edge
    distances = (pixels[:, None] - centers[..., None] + 0.5) / scale.clamp_min(1.0)[..., None]
    inside = (pixels >= 0) & (pixels < high.ceil() - edge)
    weights = _filtered(distances.abs(), support) * inside[:, None]
    parts = (weights / weights.sum(-1, keepdim=True) * (1 << PRECISION)).round()
    upper = (parts / _HALF).floor()
    return torch.stack((upper, parts - upper * _HALF)).float()


def weighed(sums: Tensor) -> Tensor:
    """Levels, float32 (...), from what both halves of `resize_matrices` have made, (2, ...)."""
    upper, lower = sums[0].int(), sums[1].int()
    levels = (upper * _HALF + lower + (1 << (PRECISION - 1))) >> PRECISION
    return levels.clamp(0, 255).float()


def _filtered(distances: Tensor, support: int) -> Tensor:
    """The weight at each distance: a triangle, or Keys's cubic with a = -0.5."""
    if support == BILINEAR:
        return (1.0 - distances).clamp_min(0.0)
    x = distances
    near = (1.5 * x - 2.5) * x * x + 1.0
    far = ((x - 5.0) * x + 8.0) * x * -0.5 + 2.0
    return torch.where(x < 1.0, near, torch.where(x < 2.0, far, 0.0))


def blur_matrices(sigma: Tensor, kernel_size: Tensor, size: int) -> Tensor:
    """Gaussian blur along an axis, mirrored at its ends without repeating the last pixel.

    Args:
        sigma: float32 (R,), standard deviations in pixels; 0 with a kernel of one pixel: no blur.
        kernel_size: int32 (R,), odd. Weights beyond `REACH` standard deviations are left out.
        size: Pixels of the axis. No kernel reaches further than can be mirrored, `size - 1`.

    Returns:
        float32 (R, size, size); each row sums to 1.
    """
    radius = torch.minimum(kernel_size // 2, (REACH * sigma).ceil()).clamp_max(size - 1)[:, None, None]
    divisor = (2 * sigma.square()).clamp_min(torch.finfo(sigma.dtype).tiny)[:, None, None]
    places = torch.arange(size, device=sigma.device)
    weights = sigma.new_zeros((len(sigma), size, size))
    # Each pixel is seen where it is and mirrored at either end; the pixel at an end is its own mirror image there.
    for shown, seen in ((places, places >= 0), (-places, places > 0), (2 * (size - 1) - places, places < size - 1)):
        distances = (shown - places[:, None]).abs()
        weights = weights + torch.exp(-distances.square() / divisor) * (seen & (distances <= radius))
    return weights / weights.sum(-1, keepdim=True)
