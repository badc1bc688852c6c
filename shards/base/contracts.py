"""The contracts of plug-ins: laws that every plug-in of a kind keeps, ours or a user's, tried when somebody asks.

A kind's contract is declared under the entry-point group `headrace.contracts`; to know of it imports none of its
checks, so that a plug-in for building is checked where nothing for training is installed.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any

from .errors import PluginError
from .registry import Registry

GROUP = "headrace.contracts"


@dataclass(frozen=True)
class Finding:
    """One way in which a plug-in breaks its contract."""

    law: str
    what: str


@dataclass(frozen=True)
class Contract:
    """The contract of one kind of plug-in.

    Args:
        base: What such a plug-in derives from, `module:Class`.
        registry: Where its name is looked up.
        check: What finds the breaches of a plug-in, `module:function`. Its module has `FIRST`, laws without which the
            others are not tried, and these, `LAWS`.
    """

    base: str
    registry: Registry
    check: str

    def covers(self, found: object) -> bool:
        """Whether this is the contract of a plug-in."""
        return isinstance(found, type) and self.base in (
            f"{kind.__module__}:{kind.__qualname__}" for kind in found.__mro__
        )

    def broken(self, plugin: Any) -> list[Finding]:
        """Every breach of the contract."""
        check: Callable[[Any], list[Finding]] = getattr(self._module, self.check.rpartition(":")[2])
        return check(plugin)

    @property
    def first(self) -> tuple[str, ...]:
        """Laws without which the others are not tried."""
        return tuple(self._module.FIRST)

    @property
    def laws(self) -> tuple[str, ...]:
        """The other laws."""
        return tuple(self._module.LAWS)

    @property
    def _module(self) -> Any:
        return importlib.import_module(self.check.rpartition(":")[0])


def contracts() -> list[Contract]:
    """The contracts of all kinds of plug-ins that are installed.

    Raises:
        PluginError: None is, as after an update of the sources alone.
    """
    found = [point.load() for point in entry_points(group=GROUP)]
    if not found:
        raise PluginError(
            "no contract of a plug-in is installed",
            found=f"no entry points under {GROUP}",
            remedy="Install headrace anew: pip install, or pip install -e . in a copy of the sources",
        )
    return found
