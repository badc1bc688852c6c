"""Encoders of tokens with a head over the vocabulary, for predicting hidden tokens."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from .build import build
from .recipe import BackboneRecipe


def masked_lm(recipe: BackboneRecipe, network: Mapping[str, Any]) -> Any:
    """An untrained encoder of tokens with a head over the vocabulary (`AutoModelForMaskedLM`).

    Raises:
        RecipeError: The type is not supported, or the configuration is not one of its.
    """
    from transformers import AutoModelForMaskedLM

    return build(AutoModelForMaskedLM, recipe, network, _HEADS)


def masked_lm_logits(model: Any, hidden: Tensor) -> Tensor:
    """The head of a `masked_lm` network on chosen hidden states: (..., D) -> logits (..., V)."""
    logits: Tensor = _HEADS[model.config.model_type](model, hidden)
    return logits


_HEADS: Mapping[str, Callable[..., Tensor]] = {
    "bert": lambda model, hidden: model.cls(hidden),
    "modernbert": lambda model, hidden: model.decoder(model.head(hidden)),
}


def packed_states(model: Any, tokens: Tensor, document: Tensor, places: Tensor) -> Tensor:
    """The last hidden states of a `masked_lm` network for windows in which several documents stand.

    Args:
        model: A network of `masked_lm`.
        tokens: (B, T).
        document: (B, T) the number of the document; tokens attend within their own only.
        places: (B, T) the position within the document.

    Returns:
        (B, T, D).
    """
    within: Any = (document[:, :, None] == document[:, None, :])[:, None]
    if hasattr(model.config, "sliding_window"):
        # Some layers of ModernBERT see a band around each token; a mask that is given replaces it, so it is cut here.
        order = torch.arange(tokens.shape[1], device=tokens.device)
        band = (order[:, None] - order[None, :]).abs() <= model.config.sliding_window
        within = {"full_attention": within, "sliding_attention": within & band}
    states: Tensor = model.base_model(tokens, attention_mask=within, position_ids=places).last_hidden_state
    return states
