"""The parameters of a plug-in, or the keys of a recipe's model, as text: type, default and meaning.

Types are told in a recipe's words (`list of text`, `whole number >= 1 or null`), defaults as they would stand in YAML.
A text among the metadata of an `Annotated` type is that type's own name: `Annotated[int, "size"]`.
"""

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

_WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path", type(None): "null"}
_BOUNDS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}


@dataclass(frozen=True)
class Parameter:
    """One parameter; its default is "required" where there is none."""

    name: str
    type: str
    default: str
    meaning: str


def parameters_of(kind: type) -> tuple[Parameter, ...]:
    """The parameters of a dataclass or a pydantic model, in their order, those of nested ones below theirs.

    A nested parameter is called `outer.inner`, `outer.N.inner` inside a list, `outer.NAME.inner` inside a mapping.
    """
    # The models of a union have some keys in common.
    return tuple(dict.fromkeys(_parameters(kind, "")))


def summary(documented: Any) -> str:
    """The first paragraph of a docstring, on one line."""
    return inspect.cleandoc(documented.__doc__ or "").partition("\n\n")[0].replace("\n", " ")


def _parameters(kind: type, prefix: str) -> Iterator[Parameter]:
    hints, meanings = get_type_hints(kind, include_extras=True), _meanings(kind)
    for name, default in _defaults(kind).items():
        yield Parameter(f"{prefix}{name}", type_words(hints[name]), _shown(default), meanings.get(name, ""))
        for inner, step in _nested(hints[name]):
            yield from _parameters(inner, f"{prefix}{name}.{step}")


def _defaults(kind: type) -> dict[str, Any]:
    """Name to default, MISSING where there is none."""
    if issubclass(kind, BaseModel):
        return {
            name: MISSING if info.is_required() else info.get_default(call_default_factory=True)
            for name, info in kind.model_fields.items()
        }
    assert is_dataclass(kind)
    return {
        each.name: each.default if each.default_factory is MISSING else each.default_factory()
        for each in fields(kind)
        if each.init
    }


def _shown(default: Any) -> str:
    if default is MISSING:
        return "required"
    first = default[0] if isinstance(default, tuple) and default else default
    if is_dataclass(first) or isinstance(first, BaseModel):
        return "as below"
    if type(default) is int:
        return f"{default:_}"
    plain = list(default) if isinstance(default, tuple | set | frozenset) else default
    plain = str(plain) if isinstance(plain, Path) else plain
    # In quotation marks a text stays on one line.
    style = '"' if isinstance(plain, str) and "\n" in plain else None
    dumped = yaml.safe_dump(plain, default_flow_style=True, default_style=style, allow_unicode=True, width=10_000)
    return dumped.removesuffix("...\n").strip()


def _meanings(kind: type) -> Mapping[str, str]:
    if issubclass(kind, BaseModel):
        found = {name: " ".join((info.description or "").split()) for name, info in kind.model_fields.items()}
    else:
        found = {
            name: text for base in reversed(kind.__mro__) for name, text in _documented(base.__doc__ or "").items()
        }
    # Docstrings speak Python, recipes YAML.
    return {name: re.sub(r"\bNone\b", "null", text) for name, text in found.items()}


def _documented(docstring: str) -> Mapping[str, str]:
    """What a docstring says of parameters under `Args:`."""
    _, _, section = inspect.cleandoc(docstring).partition("\nArgs:\n")
    section = section.partition("\n\n")[0]
    found = re.findall(r"^    (\w+): ((?:.|\n        )*)", section, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in found}


def type_words(hint: Any) -> str:
    """A type in a recipe's words."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        own = next((each for each in arguments[1:] if isinstance(each, str)), "")
        return own or f"{type_words(arguments[0])}{_bounds(arguments[1:])}"
    if hint in _WORDS:
        return _WORDS[hint]
    if hint is Any:
        return "anything"
    if origin is Literal:
        return " | ".join(map(str, arguments))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return "mapping"
    if origin in (tuple, list, set, frozenset):
        return f"list of {type_words(arguments[0])}" if _alike(arguments) else f"list of {len(arguments)}"
    if arguments:
        return " or ".join(type_words(each) for each in arguments)
    return "mapping"


def _alike(arguments: tuple[Any, ...]) -> bool:
    return len(arguments) == 1 or arguments[1:] == (Ellipsis,)


def _bounds(metadata: tuple[Any, ...]) -> str:
    parts = [part for each in metadata for part in (each.metadata if isinstance(each, FieldInfo) else [each])]
    found = [f"{sign} {getattr(part, name)}" for part in parts for name, sign in _BOUNDS.items() if hasattr(part, name)]
    return f" {', '.join(found)}" if found else ""


def _nested(hint: Any) -> Iterator[tuple[type, str]]:
    """The models and dataclasses inside a type, each with what leads to its keys: nothing, `N.` in a list, `NAME.`."""
    if isinstance(hint, type) and (is_dataclass(hint) or issubclass(hint, BaseModel)):
        yield hint, ""
        return
    origin = get_origin(hint)
    mapping = isinstance(origin, type) and issubclass(origin, Mapping)
    step = "NAME." if mapping else "N." if origin in (tuple, list) else ""
    for each in get_args(hint):
        yield from ((kind, f"{step}{inner}") for kind, inner in _nested(each))
