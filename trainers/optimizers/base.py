"""What all optimizers share: rates, decay and clipping, all of them closed forms of the step.

A group of parameters carries, besides what torch knows, `lr_scale` (its share of the learning rate) and `decays`
(whether weight decay is for it), of which `set_rates` makes what the coming step uses. So nothing but the algorithm's
own moments lives from step to step, and nothing else need be in a checkpoint.
"""

import math
from abc import ABC, abstractmethod
from typing import Annotated, Any, Literal, Self

import torch
from pydantic import Field, model_validator
from torch import nn

from headrace.shards.base.recipe import RecipeModel

from ..schedules import between
from .groups import parameter_groups, set_rates

Share = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]


class AnyOptimizerRecipe(RecipeModel, ABC):
    """The keys that every optimizer has.

    Some came later; their default is None, which a checkpoint from before them says as well.
    """

    name: str
    """The algorithm."""
    lr: Positive = 1e-3
    """The peak learning rate; for a batch of `lr_batch` samples where that is given."""
    lr_batch: Annotated[int, Field(gt=0)] | None = None
    """Scale the rate with the batch: the peak is lr * batch_size / lr_batch (Goyal et al. 2017)."""
    lr_scaling: Literal["linear", "sqrt"] | None = None
    """sqrt: the peak is lr * sqrt(batch_size / lr_batch) instead (SimCLR, DINOv2); linear, or None: it is as said."""
    layer_decay: Annotated[float, Field(gt=0, le=1)] | None = None
    """Of L layers, layer l (from 0) learns at layer_decay^(L - l) of the rate, embeddings at layer_decay^(L + 1), what
    comes after the last layer at all of it (BEiT, Bao et al. 2021); None: all alike."""
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    """Of matrices; biases, norms, single tokens and positions do not decay."""
    weight_decay_end: Annotated[float, Field(ge=0)] | None = None
    """Where weight decay arrives at the last step, along half a cosine (DINO, Caron et al. 2021); None: it stays."""
    clip: Positive | None = None
    """The largest 2-norm of all gradients together; None: they are not clipped."""
    clip_each: Positive | None = None
    """The largest 2-norm of each parameter's gradient, after `clip` (DINO: 3); None: they are not clipped."""

    @model_validator(mode="after")
    def _scaled_from_somewhere(self) -> Self:
        if self.lr_scaling and self.lr_batch is None:
            raise ValueError("lr_batch, the batch for which lr is meant, beside lr_scaling")
        return self

    @abstractmethod
    def over(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        """The algorithm over groups of parameters, to which learning rates and weight decays are still to be given."""

    def build(self, model: nn.Module, batch_size: int) -> torch.optim.Optimizer:
        """The optimizer over a model's trainable parameters, its learning rates at their peaks.

        Raises:
            RecipeError: There is a layer decay, and the depth of the model's parameters is not known.
        """
        optimizer = self.over(parameter_groups(model, self.layer_decay))
        set_rates(optimizer, self.peak(batch_size), self.weight_decay)
        return optimizer

    def peak(self, batch_size: int) -> float:
        """The peak learning rate for a global batch."""
        ratio = batch_size / self.lr_batch if self.lr_batch else 1.0
        return self.lr * (math.sqrt(ratio) if self.lr_scaling == "sqrt" else ratio)

    def decay(self, step: int, steps: int) -> float:
        """The weight decay of step `step` (from 0) of `steps`."""
        if self.weight_decay_end is None:
            return self.weight_decay
        return between(self.weight_decay, self.weight_decay_end, step / steps)
