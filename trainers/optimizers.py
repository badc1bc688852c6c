"""Optimizers: which parameters decay, and the algorithm."""

from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import nn

from headrace.shards.base.recipe import RecipeModel

_POSITIONS = ("position_embedding", "pos_embed")
_Share = Annotated[float, Field(ge=0, lt=1)]


class OptimizerRecipe(RecipeModel):
    """AdamW (Loshchilov and Hutter 2017) and the norm to which gradients are clipped."""

    name: Literal["adamw"] = "adamw"
    """The algorithm."""
    lr: Annotated[float, Field(gt=0)] = 1e-3
    """The peak learning rate; for a batch of `lr_batch` samples where that is given."""
    lr_batch: Annotated[int, Field(gt=0)] | None = None
    """Scale the rate linearly with the batch: the peak is lr * batch_size / lr_batch (Goyal et al. 2017)."""
    betas: tuple[_Share, _Share] = (0.9, 0.999)
    """How slowly the means of gradients and of their squares follow."""
    eps: Annotated[float, Field(gt=0)] = 1e-8
    """Is added to the root of the mean square."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.01
    """Of matrices; biases, norms, single tokens and positions do not decay."""
    clip: Annotated[float, Field(gt=0)] | None = None
    """The largest 2-norm of all gradients together; None: they are not clipped."""

    def peak(self, batch_size: int) -> float:
        """The peak learning rate for a global batch."""
        return self.lr * (batch_size / self.lr_batch if self.lr_batch else 1.0)


def build_optimizer(recipe: OptimizerRecipe, model: nn.Module, batch_size: int) -> torch.optim.Optimizer:
    """The optimizer over a model's trainable parameters, its learning rate at the peak."""
    return torch.optim.AdamW(
        parameter_groups(model, recipe.weight_decay),
        lr=recipe.peak(batch_size),
        betas=recipe.betas,
        eps=recipe.eps,
    )


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Two groups of named trainable parameters: those that decay, and those that do not."""
    named = [(name, each) for name, each in model.named_parameters() if each.requires_grad]
    split = {True: [pair for pair in named if decays(*pair)], False: [pair for pair in named if not decays(*pair)]}
    groups = [{"params": split[True], "weight_decay": weight_decay}, {"params": split[False], "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]


def decays(name: str, parameter: nn.Parameter) -> bool:
    """Whether weight decay is right for a parameter: for matrices, not for biases, norms, single tokens, positions."""
    directions = sum(size > 1 for size in parameter.shape)
    return directions >= 2 and not any(part in name for part in _POSITIONS)


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Give every group the learning rate of the coming step."""
    for group in optimizer.param_groups:
        group["lr"] = rate
