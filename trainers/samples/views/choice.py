"""How a recipe, or a call, says which views it wants: by a preset, with changes by name, or one by one."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import CoreSchema

from headrace.shards.base.registry import did_you_mean

from ..complaints import complaint
from .own import OwnView
from .presets import PRESETS
from .view import View

AnyView = View | OwnView


def preset(name: str, **changes: Any) -> tuple[AnyView, ...]:
    """A paper's views, with changes.

    Args:
        name: One of `PRESETS`.
        changes: Parameters of `View` for all views, those of its operations as mappings; or under the name of a view
            such changes for it alone: `preset("dino", grayscale=0.1, local={"count": 6, "gaussian_blur": {"p": 0}})`.

    Raises:
        UsageError: There is no such preset or parameter, or a value is not allowed.
    """
    return views_of({"preset": name, **changes})


def views_of(given: Any) -> tuple[AnyView, ...]:
    """Views, however they are said.

    Args:
        given: A preset's name, a mapping of it as `preset` and of changes, or a list of views, each a `View`, a mapping
            of what it takes, or an `OwnView`.

    Raises:
        UsageError: There is no such preset or parameter, or a value is not allowed.
    """
    try:
        return _VIEWS.validate_python(given)
    except ValidationError as error:
        raise complaint(error, View, "no view", "these are no views") from None


def _chosen(default: str | None, given: Any) -> Any:
    """The views that are meant by the name of a preset, or by a mapping of it and changes; all else as it is."""
    changes = {"preset": given} if isinstance(given, str) else given
    if not isinstance(changes, Mapping):
        return given
    changes = dict(changes)
    name = str(changes.pop("preset", default))
    if name not in PRESETS:
        raise ValueError(f"the name of a preset. {did_you_mean(name, PRESETS)}")
    return _changed(PRESETS[name](), changes)


def _changed(views: Sequence[View], changes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The views' parameters: what is changed for all first, then what is changed for one."""
    names = {view.name for view in views}
    for name in names & changes.keys():
        if not isinstance(changes[name], Mapping):
            raise ValueError(f"a mapping of what is changed in the view '{name}', not {changes[name]!r}")
    shared = {key: value for key, value in changes.items() if key not in names}
    return [_merged(_merged(asdict(view), shared), changes.get(view.name, {})) for view in views]


def _merged(parameters: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters with changes, mappings inside them likewise."""
    merged = dict(parameters)
    for name, value in changes.items():
        inner = merged.get(name)
        merged[name] = _merged(inner, value) if isinstance(inner, dict) and isinstance(value, Mapping) else value
    return merged


def _named_apart(views: tuple[AnyView, ...]) -> tuple[AnyView, ...]:
    names = [view.name for view in views]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"views of different names, or one view with a count; '{twice[0]}' is there more than once")
    return views


def _or_own(given: Any, checked: ValidatorFunctionWrapHandler) -> Any:
    """A view of one's own as it is; what is wrong with any other is told without a word of the choice."""
    return given if isinstance(given, OwnView) else checked(given)


@dataclass(frozen=True)
class Like:
    """Makes a tuple of views a choice of views, for pydantic.

    Args:
        preset: Which preset is changed where a mapping of changes names none.
    """

    preset: str | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """How such a tuple is checked."""
        views = tuple[Annotated[View, WrapValidator(_or_own)], ...]
        chosen = BeforeValidator(partial(_chosen, self.preset))
        return handler.generate_schema(Annotated[views, chosen, Field(min_length=1), AfterValidator(_named_apart)])


SAID = "a preset, {preset: NAME, CHANGES}, or list of views"
"""How a recipe says views, for those who read what a key takes."""

Views = Annotated[tuple[AnyView, ...], Like(), SAID]
"""The type of a recipe's views: `simclr`, `{preset: dino, local: {count: 6}}`, or a list of what `View` takes."""

_VIEWS: TypeAdapter[tuple[AnyView, ...]] = TypeAdapter(Views)
