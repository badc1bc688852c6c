"""What is done to each block of a network: computed again instead of kept, or compiled.

Both replace how a block computes, not the block: its parameters, their names and its hooks stay.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from headrace.shards.base.errors import RecipeError

from .blocks import TYPES, blocks, networks


def recompute(objective: nn.Module) -> None:
    """Keep no activations of the blocks' insides: the pass backward computes each block again (Chen et al. 2016).

    Gradients are the same, for a third more of computation; what is random is drawn again alike. A `GroupedBatchNorm`
    sees each of its groups twice, which does not change their mean. In evaluation mode nothing is computed twice.

    Raises:
        RecipeError: The network's blocks are not known.
    """
    for block in _blocks(objective, "activation_checkpointing"):
        block.forward = partial(_again, block, block.forward)


def compile_blocks(objective: nn.Module) -> None:
    """Let torch compile the blocks (`torch.compile`), one code for those that are alike, in the first step.

    Raises:
        RecipeError: The network's blocks are not known.
    """
    found = _blocks(objective, "compile")
    # No two blocks of a convolutional network need be alike, and each may run with and without gradients; torch
    # compiles no more than eight kinds, and computes the others as they are, unless it is told so.
    compiled = {
        kind: torch.compile(kind.forward, recompile_limit=max(8, 2 * len(found)))  # type: ignore[call-overload]
        for kind in {type(block) for block in found}
    }
    for block in found:
        block.forward = partial(compiled[type(block)], block)


def _again(block: nn.Module, forward: Callable[..., Any], *inputs: Any, **options: Any) -> Any:
    if not block.training:
        return forward(*inputs, **options)
    return checkpoint(forward, *inputs, use_reentrant=False, **options)


def _blocks(objective: nn.Module, key: str) -> list[nn.Module]:
    found = list(networks(objective))
    unknown = [network.config.model_type for network in found if network.config.model_type not in TYPES]
    if unknown or not found:
        raise RecipeError(
            f"{key}: it is not known where the blocks of this network are",
            found=f"backbone.type: {unknown[0]}" if unknown else "no network of transformers",
            expected=f"one of {', '.join(TYPES)}",
            remedy=f"Leave {key} out, or take another backbone",
        )
    return [block for network in found for block in blocks(network)]
