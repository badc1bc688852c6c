"""Recipes: YAML, checked by pydantic, with errors that name the file, line, key, and the nearest valid name."""

import inspect
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar, cast, get_origin

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter, ValidationError, ValidationInfo

from .complaints import expectation, gravest, is_unknown, keys_of, place_of
from .errors import PluginError, RecipeError
from .overrides import Override, apply_overrides
from .registry import did_you_mean

Model = TypeVar("Model", bound=BaseModel)
Built = TypeVar("Built")
Location = tuple[int | str, ...]


def _beside_recipe(path: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder")
    return path if folder is None else folder / path


RecipePath = Annotated[Path, AfterValidator(_beside_recipe)]
"""The type of a parameter that names a file: relative ones are read from the recipe's folder."""


class RecipeModel(BaseModel):
    """The base of every recipe's models: frozen, and no unknown key passes; the text below a key is its meaning."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class RecipeFile:
    """A YAML file that remembers on which line each of its keys stands.

    Args:
        path: The file.
        overrides: `key.sub=value` from the command line, applied to `data`.

    Attributes:
        written: What stands in the file.

    Raises:
        RecipeError: The file is missing or is not YAML, its top level is no mapping, a key stands in it twice, or an
            override has no '='.
    """

    def __init__(self, path: Path, overrides: Sequence[str] = ()) -> None:
        self.path = path
        self._overrides = [Override(each) for each in overrides]
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
        self.written: dict[str, Any] = data

    @cached_property
    def data(self) -> dict[str, Any]:
        """What stands in the file, overrides applied.

        Raises:
            RecipeError: An override leads nowhere.
        """
        return apply_overrides(self.written, [each.text for each in self._overrides])

    def refuse_other(self, foreign: Collection[str], command: str) -> None:
        """Refuse a recipe that is meant for another command, as its keys tell.

        Args:
            foreign: Keys that only the other command's recipes have.
            command: The other command.

        Raises:
            RecipeError: It has one of them.
        """
        told = [key for key in foreign if key in self.written]
        if told:
            raise RecipeError(
                f"{self.path} is a recipe for `headrace {command}`",
                found=f"the key '{told[0]}' in line {self.line((told[0],))}",
                remedy=f"Run `headrace {command} {self.path}`, or name another recipe",
            )

    def place(self, location: Location) -> str:
        """Where something stands, for people: its file, line and key, or the override that has put it there."""
        for override in reversed(self._overrides):
            if override.covers(location):
                return f"the override '{override.text}'"
        where = ".".join(map(str, location)) or "the recipe"
        return f"{self.path}, line {self.line(location)}, '{where}'"

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
        detail = gravest(refused)
        place = (*prefix, *place_of(model, detail["loc"]))
        title = self.place(place)
        if is_unknown(detail):
            known = keys_of(model, detail["loc"][:-1])
            return RecipeError(f"{title}: unknown key", remedy=did_you_mean(str(place[-1]), known))
        if detail["type"].startswith("missing"):
            return RecipeError(f"{title}: this key is missing", remedy=f"Add '{place[-1]}' to the recipe")
        return RecipeError(f"{title}: wrong value", found=repr(detail["input"]), expected=expectation(detail, model))


def build(kind: type[Built], parameters: Mapping[str, Any], recipe: RecipeFile, location: Location) -> Built:
    """Make a plug-in (a frozen dataclass) from its parameters in a recipe.

    Raises:
        RecipeError: A parameter is unknown or has a wrong value; names its line in the recipe.
        PluginError: The class lacks what its contract demands.
    """
    known = [field.name for field in fields(kind) if field.init] if is_dataclass(kind) else []
    for name in parameters:
        if name not in known:
            title = recipe.place((*location, name))
            raise RecipeError(f"{title}: unknown parameter", remedy=did_you_mean(name, known))
    try:
        return make(kind, parameters, recipe.folder)
    except ValidationError as error:
        raise recipe.error(error, kind, location) from None


def make(kind: type[Built], parameters: Mapping[str, Any], folder: Path) -> Built:
    """Make a plug-in from parameters that are known to be good; `RecipePath`s are read relative to `folder`.

    Raises:
        ValidationError: A parameter has a wrong value.
        PluginError: The class lacks what its contract demands.
    """
    refuse_incomplete(kind)
    made: Built = _validator(cast(Any, kind)).validate_python(dict(parameters), context={"folder": folder})
    return made


@lru_cache(maxsize=256)
def _validator(kind: type) -> TypeAdapter[Any]:
    """What makes plug-ins of a class; to make it takes longer than to make a plug-in of it."""
    return TypeAdapter(kind)


def refuse_incomplete(kind: type) -> None:
    """Refuse a class that does not define all that its contract leaves to it.

    Raises:
        PluginError: It lacks a method, a property or a class attribute; names them.
    """
    declared = (
        name
        for base in kind.__mro__
        for name, hint in inspect.get_annotations(base).items()
        if _is_class_attribute(hint) and not hasattr(kind, name)
    )
    lacking = sorted({*getattr(kind, "__abstractmethods__", ()), *declared})
    if lacking:
        raise PluginError(
            f"the plug-in {kind.__name__} lacks what its contract demands",
            found=f"no {', no '.join(lacking)}",
            expected=f"all that {_contract(kind).__name__} leaves to it",
            remedy=f"Define what is missing, as the docstrings in {_contract(kind).__module__} say",
        )


def _is_class_attribute(hint: Any) -> bool:
    origin: Any = get_origin(hint)
    return origin is ClassVar


def _contract(kind: type) -> type:
    """The class of ours that a plug-in derives from."""
    bases = [base for base in kind.__mro__[1:] if base.__module__.startswith("headrace.")]
    return bases[0] if bases else kind


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
