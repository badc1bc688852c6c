"""Rows of a batch by their index, on the device."""

from torch import Tensor


def gathered(rows: Tensor, index: Tensor) -> Tensor:
    """Rows (B, N, D) at index (B, K) -> (B, K, D)."""
    return rows.gather(1, index[..., None].expand(-1, -1, rows.shape[-1]))
