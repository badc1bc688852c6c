"""How many damaged samples a run puts up with, and what its user hears of them."""

import warnings
from collections.abc import Sequence

from ...base.counts import counted
from ...base.errors import StreamError, UsageError
from ..sources.replacement import Replacement

TOLERATED = 1e-3
"""The share of damaged samples that a run puts up with by default."""

FLOOR = 8
"""Damaged samples that are always put up with, where any are: before them, no share means anything."""

_SHOWN = 3


class DamagedSampleWarning(UserWarning):
    """A sample is damaged, and another one was read in its place."""


class Budget:
    """Counts the damaged samples that a process met: more than FLOOR and than a share of all are too many.

    Args:
        tolerated: The share; 0 puts up with none.

    Raises:
        UsageError: The share is not from 0 to 1.
    """

    def __init__(self, tolerated: float) -> None:
        if not 0 <= tolerated <= 1:
            raise UsageError("`tolerated` is a share of samples", found=str(tolerated), expected="a number from 0 to 1")
        self._tolerated = tolerated
        self._samples = self._damaged = 0

    def take(self, samples: int, replaced: Sequence[Replacement]) -> None:
        """Count a batch that is about to be delivered; the first damage of all is a warning.

        Args:
            samples: Its samples.
            replaced: The damaged ones among them.

        Raises:
            StreamError: These were too many; the batch must not be delivered.
        """
        self._samples += samples
        if not replaced:
            return
        if self._damaged + len(replaced) > self._allowed:
            self._samples -= samples
            raise self._exceeded(samples, replaced)
        if not self._damaged:
            first = replaced[0]
            warnings.warn(
                f"{first.reason}. The sample {first.used} is read instead of the sample {first.bad} at position "
                f"{first.position:,}; all that are replaced are in `replaced` of the loader. This is said once.",
                DamagedSampleWarning,
                stacklevel=2,
            )
        self._damaged += len(replaced)

    @property
    def _allowed(self) -> float:
        return max(FLOOR, self._tolerated * self._samples) if self._tolerated else 0

    def _exceeded(self, samples: int, replaced: Sequence[Replacement]) -> StreamError:
        reasons = "; ".join(f"{each.reason} (position {each.position:,})" for each in replaced[:_SHOWN])
        more = f"; and {len(replaced) - _SHOWN:,} more" if len(replaced) > _SHOWN else ""
        damaged, seen = self._damaged + len(replaced), self._samples + samples
        return StreamError(
            "too many samples are damaged; the stream stops before the batch that holds the last of them",
            found=f"{counted(damaged, 'damaged sample')} among {seen:,}, at last: {reasons}{more}",
            expected=f"at most {FLOOR} or a share of {self._tolerated:g}" if self._tolerated else "none",
            remedy="Run `headrace verify` on the folder, and copy or build the shards again, then continue from the "
            "state; or put up with more of them: `Stream(..., tolerated=)`",
        )
