"""Networks from transformers configurations, so that a finished run is `AutoModel.from_pretrained(RUN/export)`."""

import dataclasses
from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch
from pydantic import ConfigDict
from torch import Tensor

from headrace.shards.base.errors import RecipeError
from headrace.shards.base.recipe import RecipeModel
from headrace.shards.base.registry import did_you_mean

from .samples.rows import gathered


class BackboneRecipe(RecipeModel):
    """A network: `type` is transformers' model type, every other key one of that configuration's.

    Keys that the input demands (`vocab_size`, `image_size`, ...) are set by the pretext and may not be given.
    """

    model_config = ConfigDict(frozen=True, extra="allow", use_attribute_docstrings=True)
    type: str
    """The model type of transformers, such as bert; every other key is one of that type's configuration."""

    @property
    def configuration(self) -> dict[str, Any]:
        """The keys for transformers."""
        return dict(self.model_extra or {})


def masked_lm(recipe: BackboneRecipe, network: Mapping[str, Any]) -> Any:
    """An untrained encoder of tokens with a head over the vocabulary (`AutoModelForMaskedLM`).

    Raises:
        RecipeError: The type is not supported, or the configuration is not one of its.
    """
    from transformers import AutoModelForMaskedLM

    return _build(AutoModelForMaskedLM, recipe, network, MASKED_LM_HEADS)


def masked_lm_logits(model: Any, hidden: Tensor) -> Tensor:
    """The head of a `masked_lm` network on chosen hidden states: (..., D) -> logits (..., V)."""
    logits: Tensor = MASKED_LM_HEADS[model.config.model_type](model, hidden)
    return logits


MASKED_LM_HEADS: Mapping[str, Callable[..., Tensor]] = {
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


def causal_lm(recipe: BackboneRecipe, network: Mapping[str, Any]) -> Any:
    """An untrained decoder of tokens with a linear head over the vocabulary, `lm_head` (`AutoModelForCausalLM`).

    Raises:
        RecipeError: The type is not supported, or the configuration is not one of its.
    """
    from transformers import AutoModelForCausalLM

    return _build(AutoModelForCausalLM, recipe, network, CAUSAL_LMS)


CAUSAL_LMS = ("gpt2", "llama")


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


def vision_encoder(recipe: BackboneRecipe, network: Mapping[str, Any]) -> Any:
    """An untrained vision transformer (`AutoModel`), without a pooling layer.

    Raises:
        RecipeError: The type is not supported, or the configuration is not one of its.
    """
    from transformers import AutoModel

    return _build(AutoModel, recipe, network, VISIBLE_ENCODERS, add_pooling_layer=False)


def encode_visible(model: Any, pixels: Tensor, visible: Tensor) -> Tensor:
    """The last hidden states of a `vision_encoder` that is given some patches only.

    Args:
        model: A network of `vision_encoder`.
        pixels: (B, C, H, W).
        visible: (B, K) indices of the patches to compute; the others cost nothing.

    Returns:
        (B, 1 + K, D): the class token, then the visible patches in the order of `visible`.
    """
    states: Tensor = VISIBLE_ENCODERS[model.config.model_type](model, pixels, visible)
    return states


def _vit_visible(model: Any, pixels: Tensor, visible: Tensor) -> Tensor:
    embeddings = model.embeddings
    positions = embeddings.position_embeddings
    patches = embeddings.patch_embeddings(pixels) + positions[:, 1:]
    chosen = gathered(patches, visible)
    first = (embeddings.cls_token + positions[:, :1]).expand(len(chosen), -1, -1)
    states = embeddings.dropout(torch.cat((first, chosen), dim=1))
    for layer in model.layers:
        states = layer(states)
    normed: Tensor = model.layernorm(states)
    return normed


VISIBLE_ENCODERS: Mapping[str, Callable[..., Tensor]] = {"vit": _vit_visible}


def _build(
    auto: Any, recipe: BackboneRecipe, network: Mapping[str, Any], supported: Collection[str], **options: Any
) -> Any:
    from huggingface_hub.errors import StrictDataclassError
    from transformers import AutoConfig
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    if recipe.type not in supported:
        raise RecipeError(
            f"backbone.type: no network of the type '{recipe.type}' fits this pretext",
            remedy=did_you_mean(recipe.type, supported),
        )
    kind = CONFIG_MAPPING[recipe.type]
    fields = {each.name for each in dataclasses.fields(kind)}
    # GPT-2 has names of its own (n_embd), and understands those of the others (hidden_size).
    own: Mapping[str, str] = kind.attribute_map
    settled = {own.get(name, name): value for name, value in network.items()}
    chosen = {own.get(name, name): value for name, value in recipe.configuration.items()}
    for name in recipe.configuration:
        key = own.get(name, name)
        if key in settled:
            raise RecipeError(f"backbone.{name} is set by the pretext", remedy=f"Leave it out: it is {settled[key]!r}")
        if key not in fields:
            raise RecipeError(f"backbone.{name}: unknown key", remedy=did_you_mean(name, fields - set(settled)))
    demanded = {name: value for name, value in settled.items() if name in fields}
    try:
        config = AutoConfig.for_model(recipe.type, **chosen, **demanded)
        if config.hidden_size % config.num_attention_heads:
            raise ValueError(f"{config.num_attention_heads} heads do not divide hidden_size {config.hidden_size}")
        return auto.from_config(config, **options)
    except (ValueError, TypeError, StrictDataclassError) as error:
        raise RecipeError(
            f"backbone: this is no configuration of '{recipe.type}'",
            found=" ".join(str(error).split()),
            remedy="Mend the keys under 'backbone'",
        ) from error
