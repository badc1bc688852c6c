"""The contract of an extractor: a new payload column made from another (HTML -> text, ...).

Its module holds `EXAMPLES`: pairs of a payload and what becomes of it, None where it fails; the contract tests
(`contracts/extractors.py`) run them.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from headrace.shards.base.registry import Registry

from ..batch import Batch

EXTRACTORS = Registry("extractor", "headrace.pipeline.extractors", "headrace.extractors")


@dataclass(frozen=True)
class Extractor(ABC):
    """Replaces the payload column `reads` by the column `writes`, row for row."""

    version: ClassVar[int] = 1
    reads: ClassVar[str]
    writes: ClassVar[str]

    @abstractmethod
    def extract(self, batch: Batch) -> tuple[pa.Array, list[str | None]]:
        """The new column and, per row, why it failed (None where it did not).

        Args:
            batch: Records with the column `reads`; none of them has failed before.

        Returns:
            An array of the type of `PAYLOADS[writes]` and a list, both of the batch's length. A failed row's
            value is null.
        """
