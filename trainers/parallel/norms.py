"""The 2-norms of tensors of which each process may hold a share only."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch import distributed as dist
from torch.distributed.tensor import DTensor

_PIECE = 1 << 14
"""Numbers that a CPU adds up at a time. Of a large tensor torch's running sums there lose the small to the great: 3e-3
of the norm of 38 million alike, and not the same for each way to cut it, so that it would depend on the processes."""


def here(tensor: Tensor) -> Tensor:
    """What this process holds of a tensor; the same memory."""
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def norms(tensors: Sequence[Tensor]) -> Tensor:
    """The norm of each of N whole tensors; (N,), the same on all processes, which all have to ask.

    Tensors that are spread alike are asked for in one message.
    """
    alike: dict[object, list[int]] = {}
    for place, each in enumerate(tensors):
        alike.setdefault((each.device_mesh, each.placements) if isinstance(each, DTensor) else None, []).append(place)
    found: dict[int, Tensor] = {}
    for places in alike.values():
        shares = _shares([here(tensors[place]) for place in places])
        found |= zip(places, _whole(shares, tensors[places[0]]), strict=True)
    return torch.stack([found[place] for place in range(len(tensors))])


def total(lengths: Tensor) -> Tensor:
    """The norm of all numbers together, such as the norms (N,) of their parts."""
    norm: Tensor = torch.linalg.vector_norm(lengths)
    return norm


def _shares(tensors: list[Tensor]) -> Tensor:
    """The norm of each of N tensors of one device; (N,)."""
    return torch.stack([_in_pieces(each) for each in tensors] if tensors[0].is_cpu else torch._foreach_norm(tensors))


def _in_pieces(tensor: Tensor) -> Tensor:
    """The norm of a tensor as that of the norms of its pieces, and of what is left over."""
    if tensor.numel() <= _PIECE:
        return total(tensor)
    flat = tensor.reshape(-1)
    even = flat.numel() // _PIECE * _PIECE
    pieces = torch.linalg.vector_norm(flat[:even].view(-1, _PIECE), dim=1)
    return total(torch.cat([pieces, total(flat[even:])[None]]))


def _whole(shares: Tensor, tensor: Tensor) -> Tensor:
    """Norms of shares as norms of the whole, of tensors that are spread as `tensor` is."""
    if not isinstance(tensor, DTensor):
        return shares
    # In float64, since the square of a large norm is no number of float32.
    squares = shares.double().square()
    for direction, placement in enumerate(tensor.placements):
        if not placement.is_replicate():
            dist.all_reduce(squares, group=tensor.device_mesh.get_group(direction))
    return squares.sqrt().to(shares.dtype)
