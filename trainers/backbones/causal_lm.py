"""Decoders of tokens with a head over the vocabulary, for predicting the next token."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from .build import build
from .recipe import BackboneRecipe

_TYPES = ("gpt2", "llama", "mixtral")


def causal_lm(recipe: BackboneRecipe, network: Mapping[str, Any]) -> Any:
    """An untrained decoder of tokens with a linear head over the vocabulary, `lm_head` (`AutoModelForCausalLM`).

    Raises:
        RecipeError: The type is not supported, or the configuration is not one of its.
    """
    from transformers import AutoModelForCausalLM

    return build(AutoModelForCausalLM, recipe, network, _TYPES)


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
    seen = None
    if document is not None:
        seen = (document[:, :, None] == document[:, None, :]).tril()[:, None]
    made = model.base_model(tokens, attention_mask=seen, position_ids=places, use_cache=False)
    states: Tensor = made.last_hidden_state
    return states
