"""AdamW (Loshchilov and Hutter 2017), as torch computes it."""

from typing import Annotated, Any, Literal

import torch
from pydantic import Field

from .base import AnyOptimizerRecipe, Positive, Share


class AdamwRecipe(AnyOptimizerRecipe):
    """AdamW: weight decay beside the gradient, each number's step by the means of its gradient and of its square."""

    name: Literal["adamw"] = "adamw"
    """The algorithm: AdamW (Loshchilov and Hutter 2017)."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    """Of matrices; biases, norms, single tokens and positions do not decay."""
    betas: tuple[Share, Share] = (0.9, 0.999)
    """How slowly the means of gradients and of their squares follow."""
    eps: Positive = 1e-8
    """Is added to the root of the mean square."""

    def over(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        """See `AnyOptimizerRecipe.over`."""
        return torch.optim.AdamW(groups, betas=self.betas, eps=self.eps, fused=True)
