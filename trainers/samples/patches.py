"""Images as rows of patches, on the device: (B, C, S, S) <-> (B, N, P * P * C), and the positions of patches.

B images, C channels, S pixels a side, P pixels a patch's side, N = (S / P)^2 patches, D features.
"""

import torch
from torch import Tensor


def patchify(images: Tensor, patch: int) -> Tensor:
    """Cut images into patches: (B, C, S, S) -> (B, N, P * P * C), row by row, the pixels as (row, column, channel)."""
    batch, channels, height, width = images.shape
    cells = images.reshape(batch, channels, height // patch, patch, width // patch, patch)
    return cells.permute(0, 2, 4, 3, 5, 1).reshape(batch, -1, patch * patch * channels)


def unpatchify(patches: Tensor, patch: int) -> Tensor:
    """Put square images together again: (B, N, P * P * C) -> (B, C, S, S)."""
    batch, count, pixels = patches.shape
    side, channels = round(count**0.5), pixels // patch**2
    cells = patches.reshape(batch, side, side, patch, patch, channels)
    return cells.permute(0, 5, 1, 3, 2, 4).reshape(batch, channels, side * patch, side * patch)


def patch_statistics(patches: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and sqrt(unbiased variance + 1e-6) of each patch, both (B, N, 1)."""
    variance, mean = torch.var_mean(patches, dim=-1, keepdim=True, correction=1)
    return mean, (variance + 1e-6).sqrt()


def sincos_positions(side: int, width: int) -> Tensor:
    """Fixed two-dimensional sine-cosine positions of side x side patches -> (side * side, width), row by row.

    The first half of the features codes the row, the second half the column, each as the sines and then the cosines
    of p / 10000^(4 k / width) for k = 0 .. width / 4 - 1 (Vaswani et al. 2017, in two dimensions).

    Args:
        side: Patches along each side.
        width: D, a multiple of 4.
    """
    frequencies = 10_000.0 ** -(torch.arange(width // 4, dtype=torch.float64) * 4 / width)
    angles = torch.arange(side, dtype=torch.float64)[:, None] * frequencies
    line = torch.cat((angles.sin(), angles.cos()), dim=1)
    rows, columns = line[:, None].expand(-1, side, -1), line[None].expand(side, -1, -1)
    return torch.cat((rows, columns), dim=-1).reshape(side * side, width).float()
