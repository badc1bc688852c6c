"""What `headrace plugins list` shows: everything that a build recipe can name, with its parameters."""

import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from headrace.shards.base.errors import HeadraceError, PluginError, UsageError
from headrace.shards.base.parameters import Parameter, parameters_of, summary
from headrace.shards.base.recipe import refuse_incomplete
from headrace.shards.base.registry import Registry, did_you_mean
from headrace.shards.base.terminal import terminal

from .dedup.base import DEDUPS
from .extractors.base import EXTRACTORS
from .filters.base import FILTERS
from .outputs.base import OUTPUTS
from .readers.base import READERS

_WIDEST = 110
"""Columns beyond which a line is hard to read."""


@dataclass(frozen=True)
class Listing:
    """One plug-in.

    Args:
        name: As in a recipe.
        summary: The first paragraph of its docstring.
        facts: What else is to be known of one of its kind.
        parameters: In their order.
        error: Why it cannot be shown, where a third party's is broken.
    """

    name: str
    summary: str = ""
    facts: str = ""
    parameters: tuple[Parameter, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class Kind:
    """A kind of plug-in: where it is looked up, and what is to be known of one."""

    registry: Registry
    facts: Callable[[Any], str]


def _filter_facts(kind: Any) -> str:
    try:
        reasons = kind().reasons
    except (HeadraceError, TypeError, ValueError):  # it needs parameters, but may say it without
        reasons = [rule.reason for rule in kind.rules] if isinstance(getattr(kind, "rules", None), tuple) else []
    return f"reads {kind.reads or 'any record'}" + (f"; drops for {', '.join(reasons)}" if reasons else "")


KINDS: Mapping[str, Kind] = {
    "readers": Kind(READERS, lambda kind: f"gives {kind.payload}; reads {', '.join(kind.patterns) or 'folders'}"),
    "extractors": Kind(EXTRACTORS, lambda kind: f"makes {kind.writes} of {kind.reads}"),
    "filters": Kind(FILTERS, _filter_facts),
    "dedups": Kind(DEDUPS, lambda kind: f"reads {kind.reads or 'any payload'}"),
    "outputs": Kind(OUTPUTS, lambda kind: f"writes {', '.join(kind.payloads)}"),
}


def listings(kind: str) -> list[Listing]:
    """Every plug-in of a kind that a recipe can name without a path, sorted by name.

    Raises:
        UsageError: There is no such kind.
    """
    if kind not in KINDS:
        raise UsageError(f"there are no plug-ins called '{kind}'", remedy=did_you_mean(kind, KINDS))
    return [describe(KINDS[kind], name) for name in KINDS[kind].registry.names()]


def describe(kind: Kind, name: str) -> Listing:
    """One plug-in; a broken one is described by its error."""
    try:
        plugin = kind.registry.load(name)
        refuse_incomplete(plugin)
        return Listing(name, summary(plugin), kind.facts(plugin), parameters_of(plugin))
    except (PluginError, TypeError, ValueError, AttributeError) as error:
        return Listing(name, error=str(error))


def run_list(kinds: tuple[str, ...] = tuple(KINDS)) -> None:
    """Print the plug-ins of some kinds.

    Raises:
        UsageError: There is no such kind.
    """
    console = terminal()
    for kind in kinds:
        found = listings(kind)
        if len(kinds) > 1:
            console.print(Text(kind.capitalize(), "bold underline"), end="\n\n")
        for listing in found:
            for line, style in _lines(listing, console):
                console.print(Text(line, style), soft_wrap=True)
            console.print()


def _lines(listing: Listing, console: Console) -> Iterator[tuple[str, str]]:
    """The lines that show a plug-in, each with its style."""

    def wrapped(text: str, indent: int, style: str) -> Iterator[tuple[str, str]]:
        width = min(console.width, _WIDEST) if console.is_terminal else console.width
        margin = " " * indent
        return ((line, style) for line in textwrap.wrap(text, width, initial_indent=margin, subsequent_indent=margin))

    yield listing.name, "bold"
    yield from wrapped(listing.error, 4, "red")
    yield from wrapped(listing.summary, 4, "")
    yield from wrapped(listing.facts, 4, "dim")
    for each in listing.parameters:
        yield from wrapped(f"{each.name}: {each.default}  ({each.type})", 4, "cyan")
        yield from wrapped(each.meaning, 8, "")
