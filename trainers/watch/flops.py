"""How many floating-point operations a sample costs, as model FLOPs utilisation counts them.

Chowdhery et al. 2022, "PaLM", appendix B: what the network computes, forward and backward, once; nothing that is
computed again to save memory, and attention over the whole square even where half of it is masked.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor
from torch.distributed.tensor import DTensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from ..modes import evaluating
from ..pretext.base import Batch, Loss, Objective


def flops_per_sample(objective: Objective, batch: Batch) -> float:
    """Count the operations of a forward and backward pass, and leave nothing of it behind.

    The network is in evaluation mode, in which nothing is updated, dropped or computed twice. Every process of the run
    must count, since the network may lie on all of them; each counts what it computes itself.

    Args:
        objective: The network, as it is trained.
        batch: Some samples; with several, the mean counts.
    """
    # Fused attention is counted on some devices only; as matrix products it is counted on all.
    fused, counted = sdpa_kernel(SDPBackend.MATH), _Counted()
    with evaluating(objective), torch.compiler.set_stance("force_eager"), fused, counted:
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
        formula: Callable[..., int] | None = flop_registry.get(func.overloadpacket)
        # Nothing is computed of fake tensors, by which the whole's shapes are found. And what has gradients in a pass
        # backward is a part of the forward pass that is computed again (activation checkpointing).
        imagined, again = any(issubclass(kind, FakeTensor) for kind in types), self.backward and torch.is_grad_enabled()
        if formula is not None and not imagined and not again:
            self.operations += formula(*args, **kwargs or {}, out_val=made)
        return made
