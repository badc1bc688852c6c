"""Clipping: gradients no longer than a recipe allows, all of them together or each."""

from collections.abc import Iterable
from math import inf

from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from .base import AnyOptimizerRecipe


def clip_gradients(parameters: Iterable[nn.Parameter], recipe: AnyOptimizerRecipe) -> Tensor:
    """Shorten gradients in place to `clip` together, then to `clip_each` each.

    Returns:
        The 2-norm of all of them before.
    """
    parameters = list(parameters)
    norm = clip_grad_norm_(parameters, recipe.clip or inf)
    if recipe.clip_each is not None:
        for each in parameters:
            clip_grad_norm_(each, recipe.clip_each)
    return norm
