"""Clipping: gradients no longer than a recipe allows, all of them together or each."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from ..parallel.norms import here, norms, total
from .base import AnyOptimizerRecipe

_NOTHING = 1e-6
"""Is added to a norm before it divides."""


def clip_gradients(parameters: Iterable[nn.Parameter], recipe: AnyOptimizerRecipe, scale: float = 1.0) -> Tensor:
    """Shorten gradients in place to `clip` together, then to `clip_each` each.

    Args:
        parameters: Of which those are taken that have a gradient; parameters may be spread over processes.
        recipe: What is allowed.
        scale: What the gradients are to be divided by before; see `precision`.

    Returns:
        The 2-norm of all of them before, but divided by `scale`.
    """
    gradients = [each.grad for each in parameters if each.grad is not None]
    lengths = norms(gradients) / scale
    norm = total(lengths)
    shared = _shortening(norm, recipe.clip)
    factors = shared * _shortening(shared * lengths, recipe.clip_each) / scale
    if scale != 1.0 or recipe.clip is not None or recipe.clip_each is not None:
        torch._foreach_mul_([here(each) for each in gradients], factors.unbind())
    return norm


def _shortening(length: Tensor, longest: float | None) -> Tensor:
    """What a vector is multiplied by so that it is no longer than that."""
    return torch.ones_like(length) if longest is None else (longest / (length + _NOTHING)).clamp(max=1.0)
