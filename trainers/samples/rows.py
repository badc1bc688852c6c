"""Rows of a batch by their index, on the device."""

from torch import Tensor


def gathered(rows: Tensor, index: Tensor) -> Tensor:
    """Rows (B, N, D) at index (B, K) -> (B, K, D)."""
    return rows.gather(1, index[..., None].expand(-1, -1, rows.shape[-1]))


def mean_of(rows: Tensor, chosen: Tensor) -> Tensor:
    """The mean over the rows (B, N, D) that are `chosen` (B, N); (B, D), zeros where none is."""
    weight = chosen / chosen.sum(1, keepdim=True).clamp(min=1)
    return (rows * weight[..., None]).sum(1)
