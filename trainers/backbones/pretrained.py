"""A network that begins as a checkpoint of transformers: its configuration is the checkpoint's, and so are its weights.

A checkpoint is a folder that `save_pretrained` wrote, such as RUN/export of a finished run, or a name at Hugging Face.
"""

import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from headrace.shards.base.errors import RecipeError

from ..quiet import quiet_transformers

_AT_LEAST = ("max_position_embeddings", "n_positions", "vocab_size")
"""Keys of how long a text may be, and of how many tokens: a checkpoint may know of more than are needed."""
_SHOWN = 6
"""Names of parameters in a message."""


def stored_type(place: str) -> str:
    """The model type of a checkpoint.

    Args:
        place: The folder, or the name at Hugging Face.

    Raises:
        RecipeError: There is no checkpoint, or it does not say.
    """
    from transformers import PretrainedConfig

    with quiet_transformers():
        try:
            # Not the configuration itself, whose class is not known where the type is one of ours.
            written, _ = PretrainedConfig.get_config_dict(place)
        except (OSError, ValueError) as error:
            raise _unreadable(place, error) from error
    if not written:
        raise _unreadable(place, FileNotFoundError("there is no config.json"))
    kind = written.get("model_type")
    if not isinstance(kind, str):
        raise RecipeError(
            f"backbone.pretrained: {place} does not say of which type its network is",
            found="a config.json without model_type",
            remedy="Name it as backbone.type, or take another checkpoint",
        )
    return kind


def stored_configuration(place: str, kind: str, chosen: Mapping[str, Any], demanded: Mapping[str, Any]) -> Any:
    """The configuration of a checkpoint that is to be continued.

    Args:
        place: The folder, or the name at Hugging Face.
        kind: The model type that it must have.
        chosen: Keys of the recipe, with which it must agree.
        demanded: What the pretext demands; of special tokens and of parts that only some pretexts use, it decides.

    Raises:
        RecipeError: There is no checkpoint, or it is of another network.
    """
    from transformers import AutoConfig

    with quiet_transformers():
        try:
            config: Any = AutoConfig.from_pretrained(place)
        except (OSError, ValueError) as error:
            raise _unreadable(place, error) from error
    if config.model_type != kind:
        raise _another(place, "model_type", config.model_type, kind, "backbone.type", "Set backbone.type to it")
    for key, value in chosen.items():
        if _plain(getattr(config, key)) != _plain(value):
            raise _another(place, key, getattr(config, key), value, f"backbone.{key}", f"Leave backbone.{key} out")
    for key, value in demanded.items():
        if key.endswith("_token_id") or key == "use_mask_token":
            setattr(config, key, value)
        elif not _suffices(key, getattr(config, key), value):
            raise _another(place, key, getattr(config, key), value, "the pretext or its data", "Change those")
    return config


def stored_network(auto: Any, place: str, config: Any, parts: Mapping[str, Any], ids: int | None = None) -> Any:
    """The network of a checkpoint, in fp32.

    Tokens that it does not know, such as a mask that its tokenizer lacks, get embeddings as those of a new network.

    Args:
        auto: The class of transformers that opens it.
        place: The folder, or the name at Hugging Face.
        config: Its `stored_configuration`.
        parts: What the network takes beside its configuration.
        ids: How many tokens there are; None: it reads none.

    Raises:
        RecipeError: The weights cannot be read, or some are missing.

    Warns:
        UserWarning: Some weights of the checkpoint have no place in the network, such as those of a head; or it knows
            more tokens than there are.
    """
    import torch
    from safetensors import SafetensorError

    with quiet_transformers():
        try:
            # Other formats of weights than safetensors are pickles, which may do anything when they are opened.
            network, found = auto.from_pretrained(
                place, config=config, dtype=torch.float32, use_safetensors=True, output_loading_info=True, **parts
            )
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            raise _unreadable(place, error) from error
    if missing := found["missing_keys"]:
        raise RecipeError(
            f"backbone.pretrained: {place} has not all the weights of this network",
            found=f"none for {_some(missing)}",
            remedy="Take a checkpoint of the whole network, its head over the vocabulary included where it has one",
        )
    if unexpected := found["unexpected_keys"]:
        warnings.warn(f"Weights of {place} that this network has no place for: {_some(unexpected)}", stacklevel=2)
    if ids is not None and config.vocab_size < ids:
        network.resize_token_embeddings(ids, mean_resizing=False)
    elif ids is not None and config.vocab_size > ids:
        warnings.warn(
            f"{place} knows {config.vocab_size} tokens, the data {ids}: right where both have one tokenizer, "
            "and the network has rows to spare",
            stacklevel=2,
        )
    return network.train()


def _suffices(key: str, has: Any, needed: Any) -> bool:
    return bool(has >= needed) if key in _AT_LEAST else _plain(has) == _plain(needed)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _some(names: Iterable[str]) -> str:
    names = sorted(names)
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _another(place: str, key: str, has: Any, wanted: Any, whose: str, remedy: str) -> RecipeError:
    return RecipeError(
        f"backbone.pretrained: {place} is another network than what is asked for",
        found=f"{key} {has!r} in the checkpoint",
        expected=f"{wanted!r}, by {whose}",
        remedy=f"{remedy}, or take another checkpoint",
    )


def _unreadable(place: str, error: Exception) -> RecipeError:
    inner = Path(place, "export")
    hint = f"It looks like a run: take {inner}" if (inner / "config.json").is_file() else "Check the path or the name"
    return RecipeError(
        f"backbone.pretrained: {place} cannot be opened",
        found=" ".join(str(error).split()),
        expected="a folder that save_pretrained wrote, with its weights as safetensors, or a name at Hugging Face",
        remedy=hint,
    )
