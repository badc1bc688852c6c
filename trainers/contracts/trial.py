"""A pretext of an example, made and ready to be tried."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..data import Record
from ..distributed import ALONE
from ..layers.batch_norm import arrange, grouped
from ..pretext.base import Batch, CoupledObjective, Loss, Objective, Pretext
from ..samples.batches import ROW
from ..step import backward

ROWS = 8
"""Samples of a batch."""


@dataclass(frozen=True)
class Trial:
    """A pretext, its device half around an untrained network, and one record."""

    pretext: Pretext
    objective: Objective
    record: Record

    @classmethod
    def of(cls, pretext: Pretext, objective: Objective, record: Record) -> "Trial":
        """With BatchNorm as training has it, and the record as that of a batch's first sample."""
        shared = pretext.of_batch(ROWS, np.random.default_rng(0))
        return cls(pretext, grouped(objective), {**record, ROW: 0, **shared})

    def batch(self) -> dict[str, Tensor]:
        """The record as `ROWS` samples, each by a generator of its own."""
        records = [{**self.record, ROW: row} for row in range(ROWS)]
        samples = [self.pretext.sample(each, np.random.default_rng([0, row])) for row, each in enumerate(records)]
        return {name: torch.from_numpy(np.stack([each[name] for each in samples])) for name in samples[0]}


def rows_of(batch: Batch, part: slice) -> dict[str, Tensor]:
    """Some rows of a batch."""
    return {name: rows[part] for name, rows in batch.items()}


def losses(objective: Objective, batch: Batch, parts: Sequence[slice]) -> list[Loss]:
    """The loss of each of these parts of a global batch."""
    if isinstance(objective, CoupledObjective):
        embeddings = objective.embed(batch).float()
        return [objective.couple(embeddings, part) for part in parts]
    return [_alone(objective, rows_of(batch, part)) for part in parts]


def _alone(objective: Objective, batch: Batch) -> Loss:
    """The loss where each sample is a group of BatchNorm, so that none depends on others."""
    rows = len(next(iter(batch.values())))
    arrange(objective, 1, batch_size=rows, accumulate=1, world=ALONE)
    return objective.loss(batch)


def gradients(objective: Objective, batch: Batch, accumulate: int = 1) -> Mapping[str, Tensor]:
    """The gradients of a global batch, of those parameters that get one."""
    objective.zero_grad()
    backward(objective, objective, batch, ALONE, accumulate=accumulate)
    return {name: each.grad.clone() for name, each in objective.named_parameters() if each.grad is not None}
