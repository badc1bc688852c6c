"""Groups of parameters: which of them decay, and what share of the learning rate each has."""

from typing import Any

import torch
from torch import nn
from torch.distributed.tensor import DTensor

from .depth import below_top

_POSITIONS = ("position_embedding", "pos_embed")
Group = dict[str, Any]


def parameter_groups(model: nn.Module, layer_decay: float | None = None) -> list[Group]:
    """The named trainable parameters in groups that are alike.

    Args:
        model: The model.
        layer_decay: How much slower a layer learns than the next one; None: all learn alike.

    Returns:
        Of each group the `params`, whether it `decays`, and its `lr_scale`; those that decay and learn most first.

    Raises:
        RecipeError: There is a layer decay, and the depth of the model's parameters is not known.
    """
    depths = {} if layer_decay is None else below_top(model)
    groups: dict[tuple[bool, float, int], Group] = {}
    for name, each in model.named_parameters():
        if each.requires_grad:
            # Optimizers update a group's parameters together, which those spread over other processes cannot be.
            directions = each.device_mesh.ndim if isinstance(each, DTensor) else 0
            alike = decays(name, each), (layer_decay or 1.0) ** depths.get(each, 0), directions
            group = groups.setdefault(alike, {"params": [], "decays": alike[0], "lr_scale": alike[1]})
            group["params"].append((name, each))
    return [groups[alike] for alike in sorted(groups, reverse=True)]


def decays(name: str, parameter: nn.Parameter) -> bool:
    """Whether weight decay is right for a parameter: for matrices, not for biases, norms, single tokens, positions."""
    directions = sum(size > 1 for size in parameter.shape)
    return directions >= 2 and not any(part in name for part in _POSITIONS)


def set_rates(optimizer: torch.optim.Optimizer, rate: float, weight_decay: float) -> None:
    """Give every group its part of the learning rate and the weight decay of the coming step."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["lr_scale"]
        group["weight_decay"] = weight_decay if group["decays"] else 0.0
