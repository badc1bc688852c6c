"""Keeps the latest representations of a run and says what they are like.

Each process keeps its own rows, and they are gathered when somebody asks: so the numbers are those of whole batches,
for any number of processes.
"""

from collections import deque

import torch
from torch import Tensor

from ..distributed import ALONE, World
from .measures import Measures, measured
from .verdict import Verdict, judged

ROWS = 2048
"""Samples that are kept."""


class CollapseWatch:
    """Sees representations, batch by batch; keeps the latest and measures them when it is asked.

    Args:
        world: The processes; every one has a watch, and calls it together with the others.
        rows: The most samples that are measured, over all processes.
    """

    def __init__(self, world: World = ALONE, rows: int = ROWS) -> None:
        self._world, self._rows = world, rows
        self._kept: deque[Tensor] = deque()
        self._held = 0
        self._found: Measures | None = None

    def see(self, representations: Tensor) -> None:
        """Keep a batch, on the device on which it is; nothing is waited for.

        Args:
            representations: (N, D), or (N, V, D) of V views that should agree, of this process' rows of the batch; see
                `Loss.representations`. A batch of one says nothing of how samples differ, and is left out.
        """
        batch = representations.detach()
        if len(batch) * self._world.size < 2:
            return
        # A copy: what is given may be a part of something much larger.
        self._kept.append(batch.reshape(len(batch), -1, batch.shape[-1]).to(torch.float32, copy=True))
        self._held += len(batch) * self._world.size
        while self._held > self._rows and len(self._kept) > 1:
            self._held -= len(self._kept.popleft()) * self._world.size
        self._found = None

    def numbers(self) -> dict[str, float]:
        """What the kept rows are like, for a line of the log; nothing where there are none, or not all are finite."""
        found = self._measures()
        return found.numbers() if found else {}

    def verdict(self) -> Verdict:
        """Whether the network still tells its samples apart."""
        if not self._kept:
            return Verdict(healthy=True, words="no representations were seen yet")
        found = self._measures()
        return judged(found) if found else Verdict(healthy=False, words="representations are not finite")

    def _measures(self) -> Measures | None:
        """Of the kept rows, once for all who ask before others are seen."""
        if self._found is None:
            batches = [self._world.gathered(batch)[-self._rows :].cpu() for batch in self._kept]
            finite = all(bool(batch.isfinite().all()) for batch in batches)
            self._found = measured(batches) if batches and finite else None
        return self._found
