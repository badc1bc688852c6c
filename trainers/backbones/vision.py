"""Encoders of pictures: one vector for each."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from .build import build
from .recipe import BackboneRecipe


def image_encoder(recipe: BackboneRecipe, network: Mapping[str, Any]) -> Any:
    """An untrained encoder of pictures (`AutoModel`), whose parameters all have a part in `image_features`.

    Args:
        recipe: One of vit, dinov2, resnet and cifar_resnet.
        network: What the input demands: `num_channels`, and `image_size`, the side of the largest pictures.

    Raises:
        RecipeError: The type is not supported, or the configuration is not one of its.
    """
    model = vision_model(recipe, network, _FEATURES)
    for each in model.modules():
        if isinstance(each, nn.Conv2d) and each.kernel_size == (1, 1):
            # Of one place both layouts are the same bytes, and strides that say so are what gradients come with.
            each.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model


def image_features(model: Any, pixels: Tensor) -> Tensor:
    """What an `image_encoder` makes of pictures.

    It is the class token behind the last norm of a transformer, the mean over all places of a convolutional network.

    Args:
        model: A network of `image_encoder`.
        pixels: (B, C, H, W); a transformer interpolates its positions where the size is not `image_size`.

    Returns:
        (B, D), D being `hidden_width(model)`.
    """
    features: Tensor = _FEATURES[model.config.model_type](model, pixels)
    return features


def hidden_width(model: Any) -> int:
    """D, how many numbers a network's hidden states and features have, for the heads upon it."""
    config = model.config
    return int(config.hidden_size if hasattr(config, "hidden_size") else config.hidden_sizes[-1])


def vision_model(recipe: BackboneRecipe, network: Mapping[str, Any], supported: Collection[str]) -> Any:
    """An untrained network of pictures without those parts that only some pretexts use: pooling layer, mask token."""
    from transformers import AutoModel

    demanded = {"use_mask_token": False, **network}
    return build(AutoModel, recipe, demanded, supported, **_WITHOUT_POOLING.get(recipe.type, {}))


def _class_token(model: Any, pixels: Tensor, **options: bool) -> Tensor:
    token: Tensor = model(pixel_values=pixels, **options).last_hidden_state[:, 0]
    return token


def _mean_over_places(model: Any, pixels: Tensor) -> Tensor:
    # Convolutions are faster where the channels of a pixel lie together, and keep what they are given so.
    pooled: Tensor = model(pixel_values=pixels.contiguous(memory_format=torch.channels_last)).pooler_output
    return pooled.flatten(1)


_WITHOUT_POOLING: Mapping[str, Mapping[str, bool]] = {"vit": {"add_pooling_layer": False}}
_FEATURES: Mapping[str, Callable[[Any, Tensor], Tensor]] = {
    "cifar_resnet": _mean_over_places,
    "dinov2": _class_token,
    "resnet": _mean_over_places,
    # Dinov2 always interpolates where it must; ViT wants to be told.
    "vit": lambda model, pixels: _class_token(model, pixels, interpolate_pos_encoding=True),
}
