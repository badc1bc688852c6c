"""Overrides: `key.sub=value` from the command line, applied to a recipe's data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from .errors import RecipeError


@dataclass(frozen=True)
class Override:
    """One override: the keys that lead to what it sets, and the value as YAML.

    Raises:
        RecipeError: The text has no '='.
    """

    text: str

    def __post_init__(self) -> None:
        if "=" not in self.text:
            raise RecipeError(f"the override '{self.text}' sets nothing", expected="key=value or key.sub=value")

    @property
    def path(self) -> tuple[str, ...]:
        """The keys, and numbers of lists, that lead to what it sets."""
        return tuple(self.text.partition("=")[0].split("."))

    def value(self) -> Any:
        """What it sets.

        Raises:
            RecipeError: It is not YAML.
        """
        value = self.text.partition("=")[2]
        try:
            return yaml.safe_load(value)
        # A date that no calendar has is a ValueError.
        except (yaml.YAMLError, ValueError) as error:
            raise RecipeError(f"the value of the override '{self.text}' is not YAML", found=value) from error

    def covers(self, location: Sequence[int | str]) -> bool:
        """Whether what stands at a location comes from this override."""
        return tuple(map(str, location[: len(self.path)])) == self.path


def apply_overrides(data: Mapping[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """A copy of `data` in which each `a.b=value` (the value read as YAML) is set.

    Raises:
        RecipeError: An override has no '=' or goes through something that has no such key.
    """
    result: dict[str, Any] = _deep_copy(data)
    for override in map(Override, overrides):
        *parents, last = override.path
        target: Any = result
        for step in parents:
            target = _inside(target, step, override)
        _inside(target, last, override)
        target[int(last) if isinstance(target, list) else last] = override.value()
    return result


def _inside(target: Any, step: str, override: Override) -> Any:
    """What lies under one step of an override's path: a key, made where it is missing or null, or a list's number."""
    if isinstance(target, dict):
        if target.get(step) is None:
            target[step] = {}
        return target[step]
    if isinstance(target, list) and step.isdigit() and int(step) < len(target):
        return target[int(step)]
    raise RecipeError(
        f"the override '{override.text}' leads nowhere",
        found=f"'{step}' in {'a list of ' + str(len(target)) if isinstance(target, list) else repr(target)}",
        expected="a key of a mapping, or a number of a list, from 0",
    )


def _deep_copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _deep_copy(each) for key, each in value.items()}
    return [_deep_copy(each) for each in value] if isinstance(value, list) else value
