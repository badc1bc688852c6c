"""Pictures that cannot be used: what is wrong with which sample of a batch."""

from collections.abc import Sequence
from typing import Any

from headrace.shards.base.errors import CorruptSampleError
from headrace.shards.stream.sources.columns import Sample
from headrace.shards.stream.sources.replacement import DamagedRowsError


class Refusals:
    """Notes of what is wrong with some samples of a batch, so that all of them are told at once.

    Args:
        samples: The samples of a batch.
    """

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = samples
        self._refused: dict[int, CorruptSampleError] = {}

    def add(self, row: int, error: Exception) -> None:
        """Note what is wrong with a sample."""
        if isinstance(error, CorruptSampleError):
            self._refused[row] = error
            return
        key = self._samples[row].get("__key__", "without a key")
        self._refused[row] = CorruptSampleError(
            f"the picture of the sample '{key}' cannot be used",
            found=str(error),
            remedy="Build the shards anew: a build leaves such pictures out, and says which",
        )

    def settle(self, made: Any = None) -> None:
        """Raise what was noted, if anything was.

        Args:
            made: What was made of all others.

        Raises:
            DamagedRowsError: Names all samples that were refused.
        """
        if self._refused:
            raise DamagedRowsError(self._refused, made)
