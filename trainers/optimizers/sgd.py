"""Stochastic gradient descent with momentum, as torch computes it."""

from typing import Any, Literal, Self

import torch
from pydantic import model_validator

from .base import AnyOptimizerRecipe, Share


class SgdRecipe(AnyOptimizerRecipe):
    """SGD: weight decay is added to the gradient, and the velocity is momentum * velocity + gradient."""

    name: Literal["sgd"] = "sgd"
    """Another algorithm: SGD with momentum; betas and eps are not among its keys, but these are."""
    momentum: Share = 0.9
    """How much of the velocity stays from step to step."""
    nesterov: bool = False
    """Whether a step looks ahead along its velocity."""

    @model_validator(mode="after")
    def _looks_ahead_along_something(self) -> Self:
        if self.nesterov and not self.momentum:
            raise ValueError("a momentum above 0 beside nesterov: true")
        return self

    def over(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        """See `AnyOptimizerRecipe.over`."""
        return torch.optim.SGD(groups, momentum=self.momentum, nesterov=self.nesterov)
