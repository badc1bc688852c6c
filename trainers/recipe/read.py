"""From a recipe's file, presets and overrides to a recipe with its plug-ins made."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from headrace.shards.base.errors import RecipeError
from headrace.shards.base.overrides import apply_overrides
from headrace.shards.base.recipe import RecipeFile, build
from headrace.shards.base.registry import Registry, did_you_mean

from ..backbones import stored_type
from ..evals.base import EVALUATIONS, Evaluation
from ..plugins import class_of
from ..pretext.base import Pretext
from ..registries import PRETEXTS
from ..sinks.base import SINKS, Sink
from .model import Parameters, TrainModel, TrainRecipe
from .places import PLACE, settled


def read_recipe(path: Path, overrides: Sequence[str] = ()) -> TrainRecipe:
    """Read a recipe.

    Args:
        path: The YAML file.
        overrides: `key.sub=value`, from the command line; their paths are read from the working directory.

    Raises:
        RecipeError: The file, a key, a value or a parameter is wrong; names file, line and key.
        PluginError: There is no such pretext, or it cannot be imported.
    """
    file = RecipeFile(path, overrides)
    file.refuse_other(("inputs", "stages"), "build")
    # Settled before the overrides, which may go into a pretext's parameters, and after, which may name another pretext.
    given = settled(apply_overrides(settled(file.written, file.folder), overrides), Path.cwd())
    given = {**given, **_typed(given)}
    name = _pretext_name(file, given)
    kind = class_of(PRETEXTS, name, Pretext)
    preset = {**_preset(file, kind, given)}
    preset["pretext"] = {name: preset.get("pretext", {})}
    try:
        model = TrainModel.model_validate(merged(preset, given))
    except ValidationError as error:
        raise file.error(error, TrainModel) from None
    pretext: Pretext = build(kind, model.pretext[name], file, ("pretext", name))
    evals = _plugins(file, "evals", EVALUATIONS, Evaluation, model.evals)
    return TrainRecipe(model, pretext, evals, _plugins(file, "log_to", SINKS, Sink, model.log_to))


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` on top of `base`, key by key; a part of another `type`, `name` or `pretrained` replaces it whole."""
    result = dict(base)
    for key, value in over.items():
        old = result.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping) and _same_kind(old, value):
            value = merged(old, value)
        result[key] = value
    return result


def _typed(given: Mapping[str, Any]) -> dict[str, Any]:
    """The network with the type of the checkpoint that it begins with, where only that one is named; else nothing."""
    network = given.get("backbone")
    if not isinstance(network, Mapping) or "type" in network or not isinstance(network.get("pretrained"), str):
        return {}
    return {"backbone": {"type": stored_type(network["pretrained"]), **network}}


def _same_kind(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return all(new.get(key, old.get(key)) == old.get(key) for key in ("type", "name", "pretrained"))


def _pretext_name(file: RecipeFile, given: Mapping[str, Any]) -> str:
    entry = given.get("pretext")
    if isinstance(entry, Mapping) and len(entry) == 1:
        return str(next(iter(entry)))
    known = PRETEXTS.names()
    if isinstance(entry, Mapping) and (named := [name for name in entry if name in known or ":" in str(name)]):
        parameter, value = next((key, value) for key, value in entry.items() if key != named[0])
        right = f"pretext.{named[0]}.{parameter}"
        raise RecipeError(
            f"{file.place(('pretext', parameter))}: a parameter stands beside the pretext '{named[0]}', not in it",
            found=f"pretext.{parameter}",
            expected=right,
            remedy=f"Write {right}={value}, or pretext: {{{named[0]}: {{{parameter}: {value}}}}}",
        )
    raise RecipeError(
        f"{file.place(('pretext',))}: one pretext is needed",
        found=repr(entry),
        expected="a name, or {name: {parameters}}",
        remedy=did_you_mean(str(entry), known),
    )


def _preset(file: RecipeFile, kind: type[Pretext], given: Mapping[str, Any]) -> Mapping[str, Any]:
    name = given.get("preset", "small")
    if name not in kind.recipes:
        raise RecipeError(
            f"{file.place(('preset',))}: this pretext ships no such recipe",
            found=repr(name),
            remedy=did_you_mean(str(name), kind.recipes),
        )
    return kind.recipes[name]


def _plugins(
    file: RecipeFile, key: str, registry: Registry, base: type, entries: Sequence[Mapping[str, Parameters]]
) -> dict[str, Any]:
    """The plug-ins of a list in a recipe by name and parameters."""
    made: dict[str, Any] = {}
    for place, entry in enumerate(entries):
        for name, parameters in entry.items():
            if name not in registry:
                raise RecipeError(
                    f"{file.place((key, place))}: there is no {registry.kind} '{name}'",
                    remedy=did_you_mean(name, registry.names()),
                )
            kind = class_of(registry, name, base)
            spelt = _spelt(name, {key: _short(key, value) for key, value in parameters.items()})
            made[_spelt(name, parameters) if spelt in made else spelt] = build(
                kind, parameters, file, (key, place, name)
            )
    return made


def _spelt(name: str, parameters: Parameters) -> str:
    """A plug-in as results name it: `knn k=5`."""
    return " ".join([name.rpartition(":")[2], *(f"{key}={value}" for key, value in parameters.items())])


def _short(key: str, value: Any) -> Any:
    """A parameter's value; of a place, its last part."""
    return value.rstrip("/").rpartition("/")[2] if isinstance(value, str) and PLACE.search(key) else value
