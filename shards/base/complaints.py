"""What pydantic complains of, in the words of a recipe: lists and mappings instead of Python's types."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, get_args, get_type_hints

from pydantic import ValidationError

_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")

_EXPECTED = {
    "none_required": "nothing (null)",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number that is not infinite",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "path_type": "a path",
}
_LISTS = ("tuple_type", "list_type", "set_type", "frozen_set_type", "iterable_type")
_MAPPINGS = ("dict_type", "mapping_type", "model_type", "model_attributes_type", "dataclass_type")
_LENGTHS = {"too_short": ("at least", "min_length"), "too_long": ("at most", "max_length")}


def gravest(refused: ValidationError) -> Mapping[str, Any]:
    """The complaint to be told first: a key that is unknown is often the misspelt one that is missing."""
    return min(refused.errors(), key=lambda each: each["type"] not in _UNKNOWN)


def is_unknown(detail: Mapping[str, Any]) -> bool:
    """Whether a complaint is about a key that nothing knows."""
    return detail["type"] in _UNKNOWN


def expectation(detail: Mapping[str, Any], model: Any) -> str:
    """What a complaint says was expected.

    Args:
        detail: One of pydantic's error details.
        model: The model or dataclass that was checked.
    """
    kind, found = detail["type"], detail["input"]
    if kind in _LISTS:
        return f"a list, such as [{found}]" if isinstance(found, str | int | float) else "a list, such as [a, b]"
    if kind in _MAPPINGS:
        keys = ", ".join(sorted(keys_of(model, detail["loc"])))
        return f"a mapping with keys of these: {keys}" if keys else "a mapping, such as {key: value}"
    if kind in _LENGTHS:
        bound, name = _LENGTHS[kind]
        return f"{bound} {detail['ctx'][name]} of them, not {detail['ctx']['actual_length']}"
    if kind == "string_type" and isinstance(found, int | float):
        return f"text: in quotes, '{found}', it is"
    message: str = _EXPECTED.get(kind, detail["msg"])
    return message.removeprefix("Value error, ").removeprefix("Input should be ")


def keys_of(model: Any, location: Sequence[int | str]) -> list[str]:
    """The valid keys at a location inside a model or a dataclass; those of all members of a union that fit."""
    models = [model]
    for step in location:
        # Inside a list, pydantic's location names the number.
        models = _below(models, step) or _members(models, step) or ([] if _is_key(models, step) else models)
    return list(dict.fromkeys(name for each in models for name in _types_of(each)))


def place_of(model: Any, location: Sequence[int | str]) -> tuple[int | str, ...]:
    """A location as it stands in a recipe: inside a union, pydantic's names the member as well."""
    models, place = [model], []
    for step in location:
        members = _members(models, step)
        models = _below(models, step) or members or models
        if not members:
            place.append(step)
    return tuple(place)


def _below(models: Sequence[Any], step: int | str) -> list[Any]:
    """The models at a key of others."""
    return [inner for each in models for inner in _models_in(_types_of(each).get(step))]


def _is_key(models: Sequence[Any], step: int | str) -> bool:
    """Whether some of the models have such a key."""
    return any(step in _types_of(each) for each in models)


def _members(models: Sequence[Any], step: int | str) -> list[Any]:
    """Those among the members of a union that pydantic means by its class, or by the `name` that chooses it."""
    if _is_key(models, step):
        return []
    return [each for each in models if step in (each.__name__, *get_args(_types_of(each).get("name")))]


def _types_of(model: Any) -> dict[Any, Any]:
    """The types of a model's keys, or of a dataclass' parameters."""
    if is_dataclass(model):
        hints = get_type_hints(model)
        return {field.name: hints[field.name] for field in fields(model) if field.init}
    return {name: field.annotation for name, field in getattr(model, "model_fields", {}).items()}


def _models_in(annotation: Any) -> Iterator[Any]:
    """The models and dataclasses of which a type is made."""
    # What validates a type stands beside it, as an instance of a dataclass of pydantic's own.
    if isinstance(annotation, type) and (is_dataclass(annotation) or hasattr(annotation, "model_fields")):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)
