"""The contract of a dedup stage: phases that look at all records at once and name those to drop, with survivors."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from headrace.shards.base.registry import Registry

from ..population import Population
from ..runner import Phase

DEDUPS = Registry("dedup stage", "headrace.pipeline.dedup", "headrace.dedups")


@dataclass(frozen=True)
class Dedup(ABC):
    """A stage that compares records with each other. Its fields are its parameters in a recipe."""

    version: ClassVar[int] = 1
    reads: ClassVar[str] = "text"
    """The payload column it looks at."""

    @abstractmethod
    def phases(self, label: str, population: Population) -> Sequence[Phase]:
        """Its phases.

        Args:
            label: Its label in the ledger; phases are named `label.step`.
            population: The records that are alive so far.

        Returns:
            Phases of which the last one writes decisions, exchanged by split, into each task's `decisions.arrow`.
        """
