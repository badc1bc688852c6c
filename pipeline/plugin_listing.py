"""What `headrace filters list` shows: every filter with its parameters, their defaults, and its reasons."""

import inspect
import json
import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any, get_args, get_origin, get_type_hints

from headrace.shards.base.errors import PluginError

from .filters.base import FILTERS, Filter


@dataclass(frozen=True)
class Parameter:
    """One parameter of a filter, as text; its default as it would stand in a recipe."""

    name: str
    type: str
    default: str
    meaning: str


@dataclass(frozen=True)
class Listing:
    """One filter.

    Args:
        name: As in a recipe.
        summary: The first sentence of its docstring.
        reads: The payload column it looks at.
        reasons: For which it drops, with parameters at their defaults.
        parameters: In their order.
        error: Why it cannot be shown, where a third party's is broken.
    """

    name: str
    summary: str = ""
    reads: str = ""
    reasons: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    error: str = ""


def list_filters() -> list[Listing]:
    """Every filter that a recipe can name without a path, sorted by name."""
    return [describe(name) for name in FILTERS.names()]


def describe(name: str) -> Listing:
    """One filter; a broken one is described by its error."""
    try:
        kind: type[Filter] = FILTERS.load(name)
        meanings = parameter_docs(kind)
        hints = get_type_hints(kind)
        parameters = tuple(
            Parameter(field.name, type_text(hints[field.name]), _default(field), meanings.get(field.name, ""))
            for field in fields(kind)
        )
        return Listing(name, _summary(kind), kind.reads, kind().reasons, parameters)
    except (PluginError, TypeError, ValueError) as error:
        return Listing(name, error=str(error))


def run_list() -> None:
    """Print the list."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    for listing in list_filters():
        console.print(f"[bold]{escape(listing.name)}[/]  {escape(listing.summary)}")
        if listing.error:
            console.print(f"  [red]{escape(listing.error)}[/]\n")
            continue
        console.print(f"  reads {listing.reads}; drops for {', '.join(listing.reasons)}", style="dim")
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
        table.add_column(no_wrap=True)
        for parameter in listing.parameters:
            table.add_row(
                parameter.name,
                f"[dim]{escape(parameter.type)}[/]",
                f"[cyan]{escape(parameter.default)}[/]",
                escape(parameter.meaning),
            )
        console.print(table)
        console.print()


def parameter_docs(kind: type) -> Mapping[str, str]:
    """What a class's docstring says of its parameters under `Args:`."""
    _, _, section = inspect.cleandoc(kind.__doc__ or "").partition("\nArgs:\n")
    section = section.partition("\n\n")[0]
    found = re.findall(r"^    (\w+): ((?:.|\n        )*)", section, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in found}


def type_text(hint: Any) -> str:
    """A type as one writes it: `int`, `tuple[str, ...]`, `str | None`."""
    if hint is type(None):
        return "None"
    if get_origin(hint) is None:
        return getattr(hint, "__name__", str(hint))
    arguments = ", ".join("..." if each is Ellipsis else type_text(each) for each in get_args(hint))
    name = getattr(get_origin(hint), "__name__", "")
    return arguments.replace(", ", " | ") if name in ("UnionType", "Union") else f"{name}[{arguments}]"


def _default(field: "Field[Any]") -> str:
    """A default as it would stand in a recipe (JSON is YAML)."""
    value = field.default if field.default_factory is MISSING else field.default_factory()
    return "required" if value is MISSING else json.dumps(value, default=str).replace("Infinity", ".inf")


def _summary(kind: type) -> str:
    return inspect.cleandoc(kind.__doc__ or "").partition("\n\n")[0].replace("\n", " ")
