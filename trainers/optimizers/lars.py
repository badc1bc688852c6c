r"""LARS: layer-wise adaptive rate scaling, for large batches (You et al. 2017), as SimCLR and BYOL use it.

With the parameter w, its gradient g, learning rate r, weight decay b, trust coefficient \eta and momentum m:

    u = g + b w
    v = m v + u * \eta |w| / |u|     (u itself where |w| or |u| is 0)
    w = w - r v

Biases, norms, single tokens and positions neither decay nor are adapted: v = m v + g. Deviations from the first paper,
as in BYOL: the norm is of u and not |g| + b |w|, and the rate is outside of v, so that a schedule applies to all of it.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from ..parallel.norms import here, norms
from .base import AnyOptimizerRecipe, Positive, Share


class LarsRecipe(AnyOptimizerRecipe):
    """LARS: SGD with momentum whose steps are a fixed share of each parameter's norm."""

    name: Literal["lars"] = "lars"
    """Another algorithm: LARS (You et al. 2017); betas and eps are not among its keys, but these are."""
    weight_decay: Annotated[float, Field(ge=0)] = 1e-6
    """Of matrices; biases, norms, single tokens and positions neither decay nor are adapted."""
    momentum: Share = 0.9
    """How much of the velocity stays from step to step; the rate has no part in it."""
    trust: Positive = 1e-3
    """The share of a parameter's norm that is the norm of its step at a rate of 1, before momentum."""

    def over(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        """See `AnyOptimizerRecipe.over`."""
        return Lars(groups, momentum=self.momentum, trust=self.trust)


class Lars(torch.optim.Optimizer):
    """The algorithm; see the module."""

    def __init__(self, groups: list[dict[str, Any]], *, momentum: float, trust: float) -> None:
        super().__init__(groups, {"lr": 1e-3, "weight_decay": 0.0, "momentum": momentum, "trust": trust})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Take a step; gradients stay as they are."""
        assert closure is None
        for group in self.param_groups:
            parameters = [each for each in group["params"] if each.grad is not None]
            if not parameters:
                continue
            updates = adapted(parameters, group) if group["decays"] else [here(each.grad) for each in parameters]
            velocities = [here(self._velocity(each)) for each in parameters]
            # Of all together, since a network has hundreds of small ones.
            torch._foreach_mul_(velocities, group["momentum"])
            torch._foreach_add_(velocities, updates)
            torch._foreach_sub_([here(each) for each in parameters], velocities, alpha=group["lr"])

    def _velocity(self, parameter: nn.Parameter) -> Tensor:
        state = self.state[parameter]
        if not state:
            state["momentum_buffer"] = torch.zeros_like(parameter)
        velocity: Tensor = state["momentum_buffer"]
        return velocity


def adapted(parameters: Sequence[nn.Parameter], group: dict[str, Any]) -> list[Tensor]:
    """What this process holds of the gradients with weight decay, scaled to a share of the parameters' norms."""
    updates = [each.grad.add(each, alpha=group["weight_decay"]) for each in parameters if each.grad is not None]
    # Without asking for the numbers, for which the host would have to wait.
    sizes, lengths = norms(parameters), norms(updates)
    shares = torch.where((sizes > 0) & (lengths > 0), group["trust"] * sizes / lengths, 1.0)
    return [here(update) * share for update, share in zip(updates, shares, strict=True)]
