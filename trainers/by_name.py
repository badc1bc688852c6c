"""A part of a recipe that is one of several, as its `name` says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, get_args

from pydantic import BeforeValidator, Field, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError

from headrace.shards.base.registry import did_you_mean


@dataclass(frozen=True)
class ByName:
    """Makes a union of models, each with a `name` of its own or several, a choice by that name, for pydantic.

    Args:
        default: The name where none is given.
    """

    default: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """How such a part is checked."""
        names = [
            name for member in get_args(source) for name in get_args(member.__pydantic_fields__["name"].annotation)
        ]
        named = BeforeValidator(partial(_named, self.default, names))
        return handler.generate_schema(Annotated[source, Field(discriminator="name"), named])


def _named(default: str, names: Sequence[str], given: Any) -> Any:
    if not isinstance(given, Mapping):
        return given
    name = given.get("name", default)
    if name not in names:
        problem = PydanticCustomError(
            "unknown_name", "one of these. {known}", {"known": did_you_mean(str(name), names)}
        )
        raise ValidationError.from_exception_data("name", [InitErrorDetails(type=problem, loc=("name",), input=name)])
    return {**given, "name": name}
