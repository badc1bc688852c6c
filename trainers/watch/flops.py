"""How many floating-point operations a sample costs, as model FLOPs utilisation counts them.

Chowdhery et al. 2022, "PaLM", appendix B: what the network computes, forward and backward, once; nothing that is
computed again to save memory, and attention over the whole square even where half of it is masked.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor
from torch.distributed.tensor import DTensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from ..modes import evaluating
from ..pretext.base import Batch, Loss, Objective
from ..step import Autocast

_FUSED = "_scaled_dot_product"
"""How the names of fused attention begin; (B, H, T, D) queries, keys and values."""


def flops_per_sample(objective: Objective, batch: Batch, autocast: Autocast = nullcontext) -> float:
    """Count the operations of a forward and backward pass, and leave nothing of it behind.

    The network is in evaluation mode, in which nothing is updated, dropped or computed twice. Every process of the run
    must count, since the network may lie on all of them; each counts what it computes itself.

    Args:
        objective: The network, as it is trained.
        batch: Some samples, not more than in a micro-batch; with several, the mean counts.
        autocast: The precision of the forward pass, for the memory it takes.
    """
    counted = _Counted()
    with evaluating(objective), counted:
        with autocast():
            loss = _scalar(objective(batch))
        counted.backward = True
        loss.backward()  # type: ignore[no-untyped-call]
    for parameter in objective.parameters():
        parameter.grad = None
    return counted.operations / len(next(iter(batch.values())))


def _scalar(made: Loss | Tensor) -> Tensor:
    """What can go backward: the loss, or the sum of what it will be made of."""
    return torch.stack(list(made.terms.values())).sum() if isinstance(made, Loss) else made.float().sum()


class _Counted(TorchDispatchMode):
    """Adds up the operations of matrix products and convolutions while it is entered.

    Torch's own FlopCounterMode tells modules apart, too, by hooks that forbid to differentiate within a forward pass.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.operations = 0
        self.backward = False

    def __torch_dispatch__(
        self,
        func: Any,
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Let an operation run, and count it."""
        if any(issubclass(kind, DTensor) for kind in types):
            # Of a tensor that is spread over devices, the part that lies here is computed, and counted, next.
            return NotImplemented
        made = func(*args, **kwargs or {})
        # Nothing is computed of fake tensors, by which the whole's shapes are found. And what has gradients in a pass
        # backward is a part of the forward pass that is computed again (activation checkpointing).
        imagined, again = any(issubclass(kind, FakeTensor) for kind in types), self.backward and torch.is_grad_enabled()
        if not imagined and not again:
            self.operations += _operations(func, args, kwargs or {}, made)
        return made


def _operations(func: Any, args: Sequence[Any], kwargs: Mapping[str, Any], made: Any) -> int:
    """Multiplications and additions of one operation; 0 where it is no product of matrices."""
    name: str = func.overloadpacket.__name__
    if name.startswith(_FUSED):
        # Each device has kernels of its own, of which torch's formulas know some, and those that go backward compute
        # the products of the forward pass again.
        backward = name.endswith("_backward")
        query, key, value = args[1:4] if backward else args[:3]
        forward: int = 2 * query.shape[:-1].numel() * key.shape[-2] * (key.shape[-1] + value.shape[-1])
        return 2 * forward if backward else forward
    if name == "_grouped_mm":
        # Of the experts of a mixture, which torch's formulas do not know: rows by each expert's matrix, or the
        # matrices' gradients, of which each row has a part in one.
        one, other = args[:2]
        products: int = 2 * one.numel() * other.shape[-1]
        return products
    formula: Callable[..., int] | None = flop_registry.get(func.overloadpacket)
    return 0 if formula is None else formula(*args, **kwargs, out_val=made)
