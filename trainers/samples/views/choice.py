"""How a recipe, or a call, says which views it wants: by a preset, with changes by name, one by one, or one's own."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import CoreSchema

from headrace.shards.base.complaints import keys_of
from headrace.shards.base.registry import did_you_mean

from ..complaints import complaint
from .own.base import VIEWS, OwnView, own_view
from .presets import PRESETS
from .view import View

AnyView = View | OwnView


def preset(name: str, /, **changes: Any) -> tuple[AnyView, ...]:
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
        given: A preset's name, a mapping of it as `preset` and of changes, a `View` or a mapping of what it takes, an
            `OwnView`, its name or a mapping of its name to its parameters; or a list of any of these.

    Raises:
        UsageError: There is no such preset or parameter, or a value is not allowed.
        PluginError: A view of one's own cannot be imported, or is none.
    """
    try:
        return _VIEWS.validate_python(given)
    except ValidationError as error:
        raise complaint(error, View, "no view", "these are no views") from None


def _listed(default: str | None, given: Any) -> Any:
    """What is said without a list as the only one of a list."""
    if default and isinstance(given, Mapping) and "preset" not in given and not any(name in VIEWS for name in given):
        given = {"preset": default, **given}
    return [given] if isinstance(given, str | Mapping | View | OwnView) else given


def _element(given: Any, checked: ValidatorFunctionWrapHandler, info: ValidationInfo) -> tuple[AnyView, ...]:
    """The views that an element of the list stands for."""
    if isinstance(given, OwnView):
        return (given,)
    if isinstance(given, str):
        given = {"preset": given} if given in PRESETS else {given: {}}
    if isinstance(given, Mapping) and "preset" in given:
        return tuple(checked(view) for view in _of_preset(given))
    if _is_named(given):
        ((name, parameters),) = given.items()
        return (_own(name, parameters or {}, (info.context or {}).get("folder")),)
    return (checked(given),)


def _is_named(given: Any) -> bool:
    """Whether it is a name with parameters, and not one of the parameters of `View`."""
    if not isinstance(given, Mapping) or len(given) != 1:
        return False
    ((name, parameters),) = given.items()
    return name not in keys_of(View, ()) and (parameters is None or isinstance(parameters, Mapping))


def _own(name: str, parameters: Mapping[str, Any], folder: Path | None) -> OwnView:
    if name not in VIEWS:
        raise ValueError(f"the name of a preset or of a view. {did_you_mean(str(name), {*PRESETS, *VIEWS.names()})}")
    return own_view(name, parameters, folder)


def _of_preset(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    changes = dict(given)
    name = str(changes.pop("preset"))
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
    known = {*names, *keys_of(View, ())}
    if unknown := sorted(key for key in shared.keys() - known if isinstance(shared[key], Mapping)):
        raise ValueError(
            f"a parameter of views, or the name of one, not '{unknown[0]}'. {did_you_mean(unknown[0], known)}"
        )
    return [_merged(_merged(asdict(view), shared), changes.get(view.name, {})) for view in views]


def _merged(parameters: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters with changes, mappings inside them likewise."""
    merged = dict(parameters)
    for name, value in changes.items():
        inner = merged.get(name)
        merged[name] = _merged(inner, value) if isinstance(inner, dict) and isinstance(value, Mapping) else value
    return merged


def _together(elements: tuple[tuple[AnyView, ...], ...]) -> tuple[AnyView, ...]:
    views = tuple(view for element in elements for view in element)
    names = [view.name for view in views]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"views of different names, or one view with a count; '{twice[0]}' is there more than once")
    if reserved := sorted(name for name in names if name.startswith("__")):
        raise ValueError(f"names that do not begin with two underscores, as '{reserved[0]}' does")
    return views


@dataclass(frozen=True)
class Like:
    """Makes a tuple of views a choice of views, for pydantic.

    Args:
        preset: Which preset is changed where a mapping of changes names none.
    """

    preset: str | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """How such a tuple is checked."""
        elements = tuple[Annotated[View, WrapValidator(_element)], ...]
        listed = BeforeValidator(partial(_listed, self.preset))
        return handler.generate_schema(Annotated[elements, listed, Field(min_length=1), AfterValidator(_together)])


SAID = "a preset, {preset: NAME, CHANGES}, path/to/file.py:Class, or list of these and of views"
"""How a recipe says views, for those who read what a key takes."""

Views = Annotated[tuple[AnyView, ...], Like(), SAID]
"""The type of a recipe's views: `simclr`, `{preset: dino, local: {count: 6}}`, or a list of such, of what `View` takes,
and of views of one's own by name, `{path/to/file.py:Class: {size: 96}}`."""

_VIEWS: TypeAdapter[tuple[AnyView, ...]] = TypeAdapter(Views)
