"""What is done in a table of views, and how its contestants say that they did it. Only the standard library."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..harness import Done
from .papers import PAPERS, PaperView


@dataclass(frozen=True)
class Work:
    """An epoch of views, in batches.

    Args:
        paper: Whose, see `PAPERS`.
        batch: Samples of one, of which the number of samples is a multiple, for each of the workers.
        workers: Processes of the DataLoader; 0: the contestant's own.
    """

    paper: str
    batch: int
    workers: int = 0

    @property
    def views(self) -> tuple[PaperView, ...]:
        """Of each sample."""
        return PAPERS[self.paper]

    @property
    def dataloader(self) -> dict[str, Any]:
        """Arguments for torch's, with workers that persist from epoch to epoch, so that their start is not timed."""
        return {"num_workers": self.workers, "persistent_workers": self.workers > 0}

    def counted(self, batches: Iterable[Sequence[Any]]) -> Done:
        """Go through batches, each a tensor (samples, 3, size, size) for every view."""
        wanted, samples = [(self.batch, 3, view.size, view.size) for view in self.views], 0
        for batch in batches:
            shapes = [tuple(view.shape) for view in batch]
            if shapes != wanted:
                raise ValueError(f"views of the shapes {wanted} came as {shapes}")
            samples += self.batch
        return Done(samples)
