"""The contract of a dedup stage: phases that look at all records at once and name those to drop, with survivors."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from headrace.shards.base.registry import Registry

from ..engine.runner import Phase
from ..population import Population

DEDUPS = Registry("dedup stage", "headrace.pipeline.dedup", "headrace.dedups")


@dataclass(frozen=True)
class Steps:
    """What a dedup stage adds to a plan.

    Args:
        phases: In order.
        decides: The one of them that writes decisions, exchanged by split, into each task's `decisions.arrow`.
        publishes: Folders that it adds to the output: name -> (phase, the file of each of its tasks).
        notes: What a plan says of it, a line each: what was solved for, what it is expected to miss.
    """

    phases: tuple[Phase, ...]
    decides: Phase
    publishes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dedup(ABC):
    """A stage that compares records with each other. Its fields are its parameters in a recipe."""

    version: ClassVar[int] = 1
    reads: ClassVar[str] = "text"
    """The payload column it looks at; "" for any."""

    @abstractmethod
    def steps(self, label: str, population: Population) -> Steps:
        """Its phases, named `label.step`.

        Args:
            label: Its label in the ledger.
            population: The records that are alive so far.
        """
