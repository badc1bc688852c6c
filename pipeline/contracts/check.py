"""What `headrace plugins check` shows: each law of the plug-in's contract, and whether it holds."""

from collections.abc import Sequence
from typing import Any

from headrace.shards.base.contracts import Contract, contracts
from headrace.shards.base.errors import PluginError
from headrace.shards.base.registry import did_you_mean
from headrace.shards.base.terminal import terminal


def run_check(name: str) -> None:
    """Check one plug-in and print each law with what was found.

    Raises:
        PluginError: It does not exist, has no contract, or breaks it.
    """
    contract, plugin = _with_contract(name)
    findings = contract.broken(plugin)
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
    known = contracts()
    if ":" not in name:
        for contract in known:
            if name in contract.registry:
                return contract, contract.registry.load(name)
        names = [each for contract in known for each in contract.registry.names()]
        raise PluginError(f"there is no {_kinds(known)} '{name}'", remedy=did_you_mean(name, names))
    # A path leads to its object whichever registry follows it.
    found = known[0].registry.load(name)
    for contract in known:
        if contract.covers(found):
            return contract, found
    raise PluginError(
        f"'{name}' is nothing that has a contract to check",
        found=found.__name__ if isinstance(found, type) else type(found).__name__,
        expected=f"the class of a {_kinds(known)}, or a function under @record_filter(...)",
    )


def _kinds(known: Sequence[Contract]) -> str:
    *most, last = sorted(contract.registry.kind for contract in known)
    return f"{', '.join(most)} or {last}"
