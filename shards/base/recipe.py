"""Recipes: YAML, checked by pydantic, with errors that name the file, line, key, and the nearest valid name."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter, ValidationError, ValidationInfo

from .errors import RecipeError
from .registry import did_you_mean

Model = TypeVar("Model", bound=BaseModel)
Built = TypeVar("Built")
Location = tuple[int | str, ...]

_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")


def _beside_recipe(path: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder")
    return path if folder is None else folder / path


RecipePath = Annotated[Path, AfterValidator(_beside_recipe)]
"""The type of a parameter that names a file: relative ones are read from the recipe's folder."""


class RecipeModel(BaseModel):
    """The base of every recipe's models: frozen, and no unknown key passes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RecipeFile:
    """A YAML file that remembers on which line each of its keys stands.

    Args:
        path: The file.
        overrides: `key.sub=value` from the command line, applied to `data`.

    Raises:
        RecipeError: The file is missing or is not YAML, its top level is no mapping, or a key stands in it twice.
    """

    def __init__(self, path: Path, overrides: Sequence[str] = ()) -> None:
        self.path = path
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise RecipeError(
                f"there is no recipe {path}",
                remedy="Check the path; `headrace demo` uses those in examples/demo",
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(f"the recipe {path} cannot be read", found=str(error)) from error
        try:
            self._node = yaml.compose(text, Loader=yaml.SafeLoader)
            data = yaml.safe_load(text)
        # A date that no calendar has is a ValueError.
        except (yaml.YAMLError, ValueError) as error:
            mark = getattr(error, "problem_mark", None)
            line = f", line {mark.line + 1}" if mark else ""
            problem = getattr(error, "problem", None) or str(error)
            raise RecipeError(f"{path}{line} is not YAML", found=str(problem)) from error
        if not isinstance(data, dict):
            found = "an empty file" if data is None else type(data).__name__
            raise RecipeError(f"{path} is not a recipe", found=found, expected="a mapping of keys")
        for key, first in _repeated(self._node):
            raise RecipeError(
                f"{path}, line {key.start_mark.line + 1}, '{key.value}': this key stands here a second time",
                found=f"the same key in line {first.start_mark.line + 1}",
                remedy="Leave one of them out: YAML would quietly take the last",
            )
        self.data = apply_overrides(data, overrides)

    def line(self, location: Location) -> int:
        """The line (from 1) on which a key stands; that of its nearest parent where it is missing."""
        node, line = self._node, 1
        for step in location:
            child = _child(node, step)
            if child is None:
                break
            line, node = child
        return line

    def check(self, model: type[Model]) -> Model:
        """The whole file as a model.

        Raises:
            RecipeError: A key is unknown, missing or has a wrong value.
        """
        return self.check_part(model, self.data, ())

    def check_part(self, model: type[Model], data: Mapping[str, Any], location: Location) -> Model:
        """A part of the file, found at `location`, as a model.

        Raises:
            RecipeError: A key is unknown, missing or has a wrong value.
        """
        try:
            return model.model_validate(data, context={"folder": self.folder})
        except ValidationError as error:
            raise self.error(error, model, location) from None

    @property
    def folder(self) -> Path:
        """The folder against which the recipe's paths are read."""
        return self.path.parent.resolve()

    def error(self, refused: ValidationError, model: Any, prefix: Location = ()) -> RecipeError:
        """The first of pydantic's complaints as an error of ours; `prefix` leads to the part that was checked."""
        # A key that is unknown is often the misspelt one that is missing.
        detail = min(refused.errors(), key=lambda each: each["type"] not in _UNKNOWN)
        place = (*prefix, *detail["loc"])
        where = ".".join(str(step) for step in place) or "the recipe"
        title = f"{self.path}, line {self.line(place)}, '{where}'"
        if detail["type"] in _UNKNOWN:
            known = _keys_of(model, detail["loc"][:-1])
            return RecipeError(f"{title}: unknown key", remedy=did_you_mean(str(place[-1]), known))
        if detail["type"].startswith("missing"):
            return RecipeError(f"{title}: this key is missing", remedy=f"Add '{place[-1]}' to the recipe")
        return RecipeError(
            f"{title}: wrong value", found=repr(detail["input"]), expected=detail["msg"].removeprefix("Value error, ")
        )


def build(kind: type[Built], parameters: Mapping[str, Any], recipe: RecipeFile, location: Location) -> Built:
    """Make a plug-in (a frozen dataclass) from its parameters in a recipe.

    Raises:
        RecipeError: A parameter is unknown or has a wrong value; names its line in the recipe.
    """
    known = [field.name for field in fields(kind) if field.init] if is_dataclass(kind) else []
    for name in parameters:
        if name not in known:
            place = (*location, name)
            raise RecipeError(
                f"{recipe.path}, line {recipe.line(place)}, '{'.'.join(map(str, place))}': unknown parameter",
                remedy=did_you_mean(name, known),
            )
    try:
        return make(kind, parameters, recipe.folder)
    except ValidationError as error:
        raise recipe.error(error, kind, location) from None


def make(kind: type[Built], parameters: Mapping[str, Any], folder: Path) -> Built:
    """Make a plug-in from parameters that are known to be good; `RecipePath`s are read relative to `folder`.

    Raises:
        ValidationError: A parameter has a wrong value.
    """
    return TypeAdapter(kind).validate_python(dict(parameters), context={"folder": folder})


def apply_overrides(data: Mapping[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """A copy of `data` in which each `a.b=value` (the value read as YAML) is set.

    Raises:
        RecipeError: An override has no '=' or goes through something that has no such key.
    """
    result: dict[str, Any] = _deep_copy(data)
    for override in overrides:
        path, equals, value = override.partition("=")
        if not equals:
            raise RecipeError(f"the override '{override}' sets nothing", expected="key=value or key.sub=value")
        *parents, last = path.split(".")
        target: Any = result
        for step in parents:
            target = _inside(target, step, override)
        _inside(target, last, override)
        try:
            target[int(last) if isinstance(target, list) else last] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise RecipeError(f"the value of the override '{override}' is not YAML", found=value) from error
    return result


def _inside(target: Any, step: str, override: str) -> Any:
    """What lies under one step of an override's path: a key, made where it is missing, or a number of a list."""
    if isinstance(target, dict):
        return target.setdefault(step, {})
    if isinstance(target, list) and step.isdigit() and int(step) < len(target):
        return target[int(step)]
    raise RecipeError(
        f"the override '{override}' leads nowhere",
        found=f"'{step}' in {'a list of ' + str(len(target)) if isinstance(target, list) else repr(target)}",
        expected="a key of a mapping, or a number of a list, from 0",
    )


def _deep_copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _deep_copy(each) for key, each in value.items()}
    return [_deep_copy(each) for each in value] if isinstance(value, list) else value


def _child(node: Any, step: int | str) -> tuple[int, Any] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark.line + 1, node.value[step]
    return None


def _repeated(node: Any) -> Iterator[tuple[Any, Any]]:
    """Each key that a mapping has already, with the first one: two nodes."""
    if isinstance(node, yaml.MappingNode):
        first: dict[str, Any] = {}
        for key, value in node.value:
            # '<<' merges other mappings in, and may do so twice.
            if key.value in first and key.tag != "tag:yaml.org,2002:merge":
                yield key, first[key.value]
            if isinstance(key, yaml.ScalarNode):
                first[key.value] = key
            yield from _repeated(value)
    elif isinstance(node, yaml.SequenceNode):
        for each in node.value:
            yield from _repeated(each)


def _keys_of(model: Any, location: Location) -> list[str]:
    """The valid keys at a location inside a model or a dataclass; those of all members of a union that fit."""
    models = [model]
    for step in location:
        below = [inner for each in models for inner in _models_in(_types_of(each).get(step))]
        # Inside a union, pydantic's location names the member as well.
        models = below or [each for each in models if each.__name__ == step] or models
    return [name for each in models for name in _types_of(each)]


def _types_of(model: Any) -> dict[Any, Any]:
    """The types of a model's keys, or of a dataclass' parameters."""
    if is_dataclass(model):
        hints = get_type_hints(model)
        return {field.name: hints[field.name] for field in fields(model) if field.init}
    return {name: field.annotation for name, field in getattr(model, "model_fields", {}).items()}


def _models_in(annotation: Any) -> Iterator[Any]:
    """The models and dataclasses of which a type is made."""
    if is_dataclass(annotation) or hasattr(annotation, "model_fields"):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)
