"""How deep a parameter lies in a network."""

from collections.abc import Iterator, Mapping
from typing import Any

from torch import nn

from headrace.shards.base.errors import RecipeError

from ..blocks import TYPES, blocks, embeddings, networks


def below_top(model: nn.Module) -> Mapping[nn.Parameter, int]:
    """How far below the top each parameter of a model's networks of transformers lies.

    Returns:
        1 for parameters of the last block, L for those of the first, L + 1 for embeddings; whatever is not there (last
        norms, heads, decoders) is the top.

    Raises:
        RecipeError: There is no network of transformers that learns, or one whose blocks are not known.
    """
    learning = [each for each in networks(model) if any(own.requires_grad for own in each.parameters())]
    unknown = sorted({network.config.model_type for network in learning} - set(TYPES))
    if unknown or not learning:
        raise RecipeError(
            "optimizer.layer_decay: it is not known which parameters of this network lie how deep",
            found=f"backbone.type: {unknown[0]}" if unknown else "no network of transformers",
            expected=f"one of {', '.join(TYPES)}",
            remedy="Leave optimizer.layer_decay out, or take another backbone",
        )
    return {each: below for network in learning for each, below in _below(network)}


def _below(network: Any) -> Iterator[tuple[nn.Parameter, int]]:
    repeated = blocks(network)
    for below, block in enumerate(reversed(repeated), start=1):
        yield from ((each, below) for each in block.parameters())
    for part in embeddings(network):
        yield from ((each, len(repeated) + 1) for each in part.parameters())
