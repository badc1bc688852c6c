"""Vision transformers that compute some patches of a picture only."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ..blocks import blocks
from ..samples.rows import gathered
from .recipe import BackboneRecipe
from .vision import vision_model

_TYPES = ("dinov2", "vit")


def patch_encoder(recipe: BackboneRecipe, network: Mapping[str, Any]) -> Any:
    """An untrained vision transformer (`AutoModel`), without a pooling layer, for `encode_visible`.

    Raises:
        RecipeError: The type is not supported, or the configuration is not one of its.
    """
    return vision_model(recipe, network, _TYPES)


def encode_visible(model: Any, pixels: Tensor, visible: Tensor) -> Tensor:
    """The last hidden states of a `patch_encoder` that is given some patches only.

    Args:
        model: A network of `patch_encoder`.
        pixels: (B, C, H, W).
        visible: (B, K) indices of the patches to compute; the others cost nothing.

    Returns:
        (B, 1 + K, D): the class token, then the visible patches in the order of `visible`.
    """
    embeddings = model.embeddings
    positions = embeddings.position_embeddings
    patches = embeddings.patch_embeddings(pixels) + positions[:, 1:]
    chosen = gathered(patches, visible)
    first = (embeddings.cls_token + positions[:, :1]).expand(len(chosen), -1, -1)
    states = embeddings.dropout(torch.cat((first, chosen), dim=1))
    for block in blocks(model):
        states = block(states)
    normed: Tensor = model.layernorm(states)
    return normed
