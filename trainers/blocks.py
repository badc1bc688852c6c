"""Where the repeated blocks of a network of transformers are, and what lies below them, by the names of its parts.

By these a network is taken apart: for layer-wise learning rates, for sharding, for recomputing activations.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn


@dataclass(frozen=True)
class _Places:
    """Paths within a network; a * stands for all children, in their order."""

    blocks: str
    embeddings: tuple[str, ...] = ("embeddings",)


_PLACES: Mapping[str, _Places] = {
    "bert": _Places("encoder.layer.*"),
    "cifar_resnet": _Places("encoder.stages.*.layers.*", ("embedder",)),
    "dinov2": _Places("encoder.layer.*"),
    "gpt2": _Places("h.*", ("wte", "wpe")),
    "llama": _Places("layers.*", ("embed_tokens",)),
    "mixtral": _Places("layers.*", ("embed_tokens",)),
    "modernbert": _Places("layers.*"),
    "resnet": _Places("encoder.stages.*.layers.*", ("embedder",)),
    "vit": _Places("layers.*"),
}
TYPES = tuple(_PLACES)
"""The model types whose blocks are known."""


def networks(module: nn.Module) -> Iterator[Any]:
    """The networks of transformers within a module, without their heads."""
    # A network with a head is not its own base model; parts of a network sometimes are theirs, too.
    if getattr(module, "base_model", None) is module:
        yield module
    else:
        for child in module.children():
            yield from networks(child)


def blocks(network: Any) -> list[nn.Module]:
    """The repeated blocks of a network of `networks`, from the first that its input meets to the last.

    Raises:
        KeyError: The network is of a type that is not among `TYPES`.
    """
    return _at(network, _PLACES[network.config.model_type].blocks)


def embeddings(network: Any) -> list[nn.Module]:
    """What lies below the blocks of a network of `networks`: embeddings, or the stem of a convolutional one.

    Raises:
        KeyError: The network is of a type that is not among `TYPES`.
    """
    return [part for path in _PLACES[network.config.model_type].embeddings for part in _at(network, path)]


def _at(network: nn.Module, path: str) -> list[nn.Module]:
    parts = [network]
    for name in path.split("."):
        parts = [child for part in parts for child in (part.children() if name == "*" else [part.get_submodule(name)])]
    return parts
