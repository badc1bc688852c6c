"""How deep a parameter lies in a transformer, from the names that transformers gives to its parts."""

from collections.abc import Iterator, Mapping
from typing import Any

from torch import nn

from headrace.shards.base.errors import RecipeError

LAYERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "bert": ("encoder.layer", ("embeddings",)),
    "dinov2": ("encoder.layer", ("embeddings",)),
    "gpt2": ("h", ("wte", "wpe")),
    "llama": ("layers", ("embed_tokens",)),
    "modernbert": ("layers", ("embeddings",)),
    "vit": ("layers", ("embeddings",)),
}
"""Of each model type, where its layers and its embeddings are."""


def below_top(model: nn.Module) -> Mapping[nn.Parameter, int]:
    """How far below the top each parameter of a model's networks of transformers lies.

    Returns:
        1 for parameters of the last layer, L for those of the first, L + 1 for embeddings; whatever is not there (last
        norms, heads, decoders) is the top.

    Raises:
        RecipeError: There is no network of transformers that learns, or one whose layers are not known.
    """
    networks = list(_networks(model))
    unknown = sorted({network.config.model_type for network in networks} - LAYERS.keys())
    if unknown or not networks:
        raise RecipeError(
            "optimizer.layer_decay: it is not known which parameters of this network lie how deep",
            found=f"backbone.type: {unknown[0]}" if unknown else "no network of transformers",
            expected=f"one of {', '.join(sorted(LAYERS))}",
            remedy="Leave optimizer.layer_decay out, or take another backbone",
        )
    return {each: below for network in networks for each, below in _below(network)}


def _networks(part: Any) -> Iterator[Any]:
    """The networks of transformers, without their heads, of which something is trained."""
    # A network with a head is not its own base model; parts of a network sometimes are theirs, too.
    if hasattr(part, "base_model") and part.base_model is part:
        if any(each.requires_grad for each in part.parameters()):
            yield part
    else:
        for child in part.children():
            yield from _networks(child)


def _below(network: Any) -> Iterator[tuple[nn.Parameter, int]]:
    layers, embeddings = LAYERS[network.config.model_type]
    blocks = list(network.get_submodule(layers).children())
    for below, block in enumerate(reversed(blocks), start=1):
        yield from ((each, below) for each in block.parameters())
    for name in embeddings:
        yield from ((each, len(blocks) + 1) for each in network.get_submodule(name).parameters())
