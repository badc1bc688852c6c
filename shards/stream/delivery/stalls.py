"""What a training waits for: the seconds in which it had no batch, by cause.

A process that takes batches spends its time in two ways: it works on a batch (`consumer`), or it waits for the next
one. Whoever prepares a batch, this process or a worker, measures what it spends on it:

    network     waiting for a store, where nothing local would do
    disk        reading this machine's files, holding them against checksums, cutting samples out
    decode      from the bytes of fields to their values
    transform   the user's transform
    collate     putting samples together

Where batches are prepared ahead, only what is waited for holds the training up. So the wait for a batch is attributed
to these causes in proportion to what was spent on this very batch, and what is longer than all of it to `workers`: to
starting them, to queues and pickling, to batches that came before. With `consumer`, all that is the time that passed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter

CAUSES = ("network", "disk", "decode", "transform", "collate")
"""What is spent on a batch, wherever it is prepared."""

STALLS = (*CAUSES, "workers")
"""What is waited for."""


@dataclass(frozen=True)
class Waits:
    """What time was spent on, by one process that takes batches.

    Attributes:
        seconds: All time of the interval.
        consumer: Seconds in which a batch was worked on.
        stalls: Seconds in which one was waited for, by cause (STALLS); with `consumer` they are all time.
        work: Seconds spent on preparing the batches, by cause (CAUSES), of all workers together.
        batches: How many were handed over.
    """

    seconds: float
    consumer: float
    stalls: Mapping[str, float]
    work: Mapping[str, float]
    batches: int

    @property
    def stalled(self) -> float:
        """The share of the time in which a batch was waited for, in [0, 1]."""
        return sum(self.stalls.values()) / max(self.seconds, 1e-9)

    def shares(self) -> dict[str, float]:
        """The share of the time that each cause held the training up, in [0, 1]."""
        return {cause: seconds / max(self.seconds, 1e-9) for cause, seconds in self.stalls.items()}


class Clock:
    """Adds up what time is spent on, from its first `begin` on."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._reset()

    def begin(self) -> None:
        """Batches are taken from now on; it does nothing where they were before."""
        if self._began is None:
            self._began = perf_counter()

    def waited(self, seconds: float, spent: Mapping[str, float]) -> None:
        """Count a batch.

        Args:
            seconds: How long it was waited for.
            spent: What was spent on it, by cause.
        """
        total = sum(spent.values())
        share = min(1.0, seconds / total) if total > 0 else 0.0
        for cause, some in spent.items():
            self._stalls[cause] += some * share
            self._work[cause] += some
        self._stalls["workers"] += max(0.0, seconds - total)
        self._batches += 1

    def lap(self) -> Waits:
        """What was counted since the last lap, or since batches are taken; begins the next lap."""
        now = perf_counter()
        seconds = 0.0 if self._began is None else now - self._began
        consumer = max(0.0, seconds - sum(self._stalls.values()))
        waits = Waits(seconds, consumer, self._stalls, self._work, self._batches)
        self._began = None if self._began is None else now
        self._reset()
        return waits

    def _reset(self) -> None:
        self._stalls = dict.fromkeys(STALLS, 0.0)
        self._work = dict.fromkeys(CAUSES, 0.0)
        self._batches = 0
