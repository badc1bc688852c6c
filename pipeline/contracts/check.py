"""What `headrace plugins check` shows: each law of the plug-in's contract, and whether it holds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from headrace.shards.base.errors import PluginError
from headrace.shards.base.registry import Registry, did_you_mean
from headrace.shards.base.terminal import terminal

from ..extractors.base import EXTRACTORS, Extractor
from ..filters.base import FILTERS, Filter
from ..readers.base import READERS, Reader
from . import extractors, filters, readers
from .filters import Finding


@dataclass(frozen=True)
class Contract:
    """The contract of one kind of plug-in.

    Args:
        base: What such a plug-in derives from.
        registry: Where its name is looked up.
        check: Finds the breaches of a plug-in.
        first: Laws; where one of these is broken, those after it are not tried.
        laws: The other laws.
    """

    base: type
    registry: Registry
    check: Callable[[Any], list[Finding]]
    first: tuple[str, ...]
    laws: tuple[str, ...]


CONTRACTS = (
    Contract(Filter, FILTERS, filters.check_filter, filters.FIRST, tuple(filters.LAWS)),
    Contract(Reader, READERS, readers.check_reader, readers.FIRST, readers.LAWS),
    Contract(Extractor, EXTRACTORS, extractors.check_extractor, extractors.FIRST, extractors.LAWS),
)


def run_check(name: str) -> None:
    """Check one plug-in and print each law with what was found.

    Raises:
        PluginError: It does not exist, has no contract, or breaks it.
    """
    contract, plugin = _with_contract(name)
    findings = contract.check(plugin)
    console = terminal()
    stopped = False
    for law in (*contract.first, *contract.laws):
        broken = [finding.what for finding in findings if finding.law == law]
        mark = "[red]broken[/] " if broken else "[dim]not run[/]" if stopped else "[green]holds[/]  "
        console.print(f"{mark} {law}")
        for what in broken:
            console.print(f"        {what}", markup=False, soft_wrap=True)
        stopped |= bool(broken) and law in contract.first
    if findings:
        raise PluginError(
            f"the {contract.registry.kind} '{name}' breaks its contract",
            found=findings[0].what,
            expected=findings[0].law,
            remedy="Mend it and run the same line again",
        )


def _with_contract(name: str) -> tuple[Contract, Any]:
    """A plug-in with the contract that it must keep.

    Raises:
        PluginError: There is none of that name, or it is of another kind.
    """
    if ":" not in name:
        for contract in CONTRACTS:
            if name in contract.registry:
                return contract, contract.registry.load(name)
        known = [each for contract in CONTRACTS for each in contract.registry.names()]
        raise PluginError(f"there is no filter, reader or extractor '{name}'", remedy=did_you_mean(name, known))
    # A path leads to its object whichever registry follows it.
    found = FILTERS.load(name)
    for contract in CONTRACTS:
        if isinstance(found, type) and issubclass(found, contract.base):
            return contract, found
    raise PluginError(
        f"'{name}' is nothing that has a contract to check",
        found=found.__name__ if isinstance(found, type) else type(found).__name__,
        expected="a subclass of Filter, Reader or Extractor, or a function under @record_filter(...)",
    )
