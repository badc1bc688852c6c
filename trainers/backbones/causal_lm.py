"""Decoders of tokens with a head over the vocabulary, for predicting the next token."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from .build import build
from .experts import compute_experts_in_precision
from .recipe import BackboneRecipe

_TYPES = ("gpt2", "llama", "mixtral")


def causal_lm(recipe: BackboneRecipe, network: Mapping[str, Any]) -> Any:
    """An untrained decoder of tokens with a linear head over the vocabulary, `lm_head` (`AutoModelForCausalLM`).

    Raises:
        RecipeError: The type is not supported, or the configuration is not one of its.
    """
    from transformers import AutoModelForCausalLM

    model = build(AutoModelForCausalLM, recipe, network, _TYPES)
    if has_experts(model):
        compute_experts_in_precision(model)
    return model


def causal_states(model: Any, tokens: Tensor, document: Tensor | None = None, places: Tensor | None = None) -> Tensor:
    """The last hidden states of a `causal_lm` network; tokens attend to themselves and to those before them.

    Args:
        model: A network of `causal_lm`.
        tokens: (B, T).
        document: (B, T) the number of the document, where tokens attend within their own only.
        places: (B, T) the position within the document; None: within the window.

    Returns:
        (B, T, D).
    """
    states: Tensor = _computed(model, tokens, document, places).last_hidden_state
    return states


def routed_states(
    model: Any, tokens: Tensor, document: Tensor | None = None, places: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """The same of a network that `has_experts`, and how it chose among them.

    Returns:
        (B, T, D), and the logits of the routers, (L, B, T, E) for L blocks of E experts.
    """
    made = _computed(model, tokens, document, places, output_router_logits=True)
    return made.last_hidden_state, torch.stack([each.view(*tokens.shape, -1) for each in made.router_logits])


def has_experts(model: Any) -> bool:
    """Whether the blocks of a network are sparse mixtures of experts."""
    return hasattr(model.config, "num_experts_per_tok")


def _computed(model: Any, tokens: Tensor, document: Tensor | None, places: Tensor | None, **options: bool) -> Any:
    seen = None
    if document is not None:
        seen = (document[:, :, None] == document[:, None, :]).tril()[:, None]
    return model.base_model(tokens, attention_mask=seen, position_ids=places, use_cache=False, **options)
