"""What the samples of a global batch share, such as the sizes of I-JEPA's blocks or the ratios of DINOv2's masks.

It is drawn once for each batch, from the generator

    generator("headrace.batch", seed, step)

so that all ranks and workers find the same, whichever rows are theirs. Of which batch a sample is, and which row, its
position tells: the batch of step s holds the positions s G to (s + 1) G - 1. So it is the same for any number of ranks
and after any restart, as long as G is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.errors import UsageError
from headrace.shards.base.generators import Generators
from headrace.shards.base.rng import generator
from headrace.shards.format.packed import Empty
from headrace.shards.stream.sources.columns import Sample
from headrace.shards.stream.sources.transforms import BatchTransform, Transform

ROW = "__row__"
"""Under this name a sample finds which row of its global batch it is, from 0."""

OfBatch = Callable[[int, np.random.Generator], Mapping[str, Any]]
"""From the samples of a global batch and the batch's generator to what these samples share, by name."""


@dataclass(frozen=True)
class Batches:
    """The global batches of a run.

    Args:
        seed: Of the run.
        size: G, samples of a batch over all ranks.
    """

    seed: int
    size: int

    def place(self, position: int) -> tuple[int, int]:
        """The step in which a position of the stream is, and which row of its batch."""
        step, row = divmod(int(position), self.size)
        return step, row

    def generator(self, step: int) -> np.random.Generator:
        """The generator of what a batch shares."""
        return generator("headrace.batch", self.seed, step)


class Shared:
    """Gives samples what their batch shares.

    Args:
        of_batch: Draws it.
        batches: Which samples are a batch.
    """

    def __init__(self, of_batch: OfBatch, batches: Batches) -> None:
        self._of_batch, self._batches = of_batch, batches
        self._drawn: tuple[int, Mapping[str, Any]] | None = None

    def given(self, sample: Sample) -> dict[str, Any]:
        """A sample with its row, and with what its batch shares.

        Raises:
            UsageError: The sample has a field of a name that is drawn.
        """
        step, row = self._batches.place(sample["__position__"])
        # Of a batch whose samples come one after the other.
        if self._drawn is None or self._drawn[0] != step:
            self._drawn = step, self._of_batch(self._batches.size, self._batches.generator(step))
        drawn = self._drawn[1]
        if taken := sorted(drawn.keys() & sample.keys()):
            raise UsageError(
                f"what is drawn for a batch is called '{taken[0]}', as a field of the samples is",
                remedy="Give it another name in `of_batch`, or leave the field out with `fields`",
            )
        return {**sample, ROW: row, **drawn}


def sharing(transform: Transform | BatchTransform, shared: Shared) -> Transform | BatchTransform:
    """The same transform, of samples that are given what their batch shares."""
    if isinstance(transform, BatchTransform):
        return _Together(transform, shared)
    return _Each(transform, shared)


class _Each:
    def __init__(self, transform: Transform, shared: Shared) -> None:
        self._transform, self._shared = transform, shared

    def __call__(self, sample: Sample, rng: np.random.Generator) -> Any:
        return self._transform(self._shared.given(sample), rng)


class _Together(BatchTransform):
    def __init__(self, transform: BatchTransform, shared: Shared) -> None:
        self._transform, self._shared = transform, shared
        self.encoded = transform.encoded

    def __call__(self, samples: Sequence[Sample], rngs: Generators, empty: Empty) -> Mapping[str, NDArray[Any]]:
        return self._transform([self._shared.given(sample) for sample in samples], rngs, empty)
