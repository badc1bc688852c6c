"""Making a network: the recipe's keys checked, the pretext's demands added, and what does not fit refused."""

import dataclasses
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from headrace.shards.base.errors import RecipeError
from headrace.shards.base.registry import did_you_mean

from .fit import refuse_misfit
from .pretrained import stored_configuration, stored_network
from .recipe import BackboneRecipe


def build(
    auto: Any, recipe: BackboneRecipe, network: Mapping[str, Any], supported: Collection[str], **parts: Any
) -> Any:
    """A network, untrained but for what a checkpoint gives it.

    Args:
        auto: The class of transformers that makes it, such as `AutoModel`.
        recipe: What the user asks for.
        network: What the pretext demands; keys that a configuration does not have are of no concern to it, but for
            `least_vocab_size`: how many ids a checkpoint must know.
        supported: The model types that fit the pretext.
        parts: What the network takes beside its configuration, such as which parts to leave out.

    Raises:
        RecipeError: The type is not supported, the configuration is not one of its, or the checkpoint has another.
    """
    from huggingface_hub.errors import StrictDataclassError
    from transformers import AutoConfig

    if recipe.type not in supported:
        raise RecipeError(
            f"backbone.type: no network of the type '{recipe.type}' fits this pretext",
            remedy=did_you_mean(recipe.type, supported),
        )
    chosen, demanded = _keys(recipe, network)
    if recipe.pretrained is not None:
        least = {**demanded, "vocab_size": network["least_vocab_size"]} if "least_vocab_size" in network else demanded
        config = stored_configuration(recipe.pretrained, recipe.type, chosen, least)
        return stored_network(auto, recipe.pretrained, config, parts, ids=demanded.get("vocab_size"))
    try:
        config = AutoConfig.for_model(recipe.type, **chosen, **demanded)
        refuse_misfit(config)
        return auto.from_config(config, **parts)
    except (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError, StrictDataclassError) as error:
        raise RecipeError(
            f"backbone: this is no configuration of '{recipe.type}'",
            found=" ".join(str(error).split()),
            remedy="Mend the keys under 'backbone'",
        ) from error


def _keys(recipe: BackboneRecipe, network: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The recipe's keys, and those of the pretext that such a network has, by the names of the type itself."""
    _make_own_types_known()
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    kind = CONFIG_MAPPING[recipe.type]
    fields = {each.name for each in dataclasses.fields(kind)}
    # GPT-2 has names of its own (n_embd), and understands those of the others (hidden_size).
    own: Mapping[str, str] = kind.attribute_map
    settled = {own.get(name, name): value for name, value in network.items()}
    for name in recipe.configuration:
        key = own.get(name, name)
        if key in settled:
            raise RecipeError(f"backbone.{name} is set by the pretext", remedy=f"Leave it out: it is {settled[key]!r}")
        if key not in fields:
            raise RecipeError(f"backbone.{name}: unknown key", remedy=did_you_mean(name, fields - set(settled)))
    chosen = {own.get(name, name): value for name, value in recipe.configuration.items()}
    return chosen, {name: value for name, value in settled.items() if name in fields}


@cache
def _make_own_types_known() -> None:
    """Let transformers know the network types of ours, so that they are made and opened as its own are."""
    from transformers import AutoConfig, AutoModel

    from .cifar_resnet import CifarResNetConfig, CifarResNetModel

    AutoConfig.register(CifarResNetConfig.model_type, CifarResNetConfig)
    AutoModel.register(CifarResNetConfig, CifarResNetModel)
