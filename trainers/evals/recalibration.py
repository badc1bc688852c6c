"""BatchNorm's running statistics, taken anew on what evaluations show a network.

Those of an untrained network are a mean of 0 and a variance of 1 whatever its input, and those of a trained one are
about augmented views, by a moving average. Compared as they are, the two would differ in where their statistics come
from, not only in what was learned. So both are calibrated alike: on plain views of training records, without labels, as
exact moments over all of them (Wu and Johnson 2021, "Rethinking 'Batch' in BatchNorm", section 3: PreciseBN). The
records are shuffled first, since shards may be sorted by class. A network without BatchNorm is left as it is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from headrace.shards.base.rng import hash64, key

from ..modes import evaluating
from ..pretext.base import Objective, Pretext
from .base import Rows
from .features import batch_of
from .labels import LabelledRecords

_RECORDS, _BATCH = 2048, 256


def calibration_rows(train: Rows) -> Rows:
    """Some of the training records, drawn by a hash, in the order in which they make up batches."""
    return train[np.argsort(hash64(train, key("headrace.calibration")), kind="stable")][:_RECORDS]


@contextmanager
def recalibrated(
    objective: Objective, pretext: Pretext, records: LabelledRecords, rows: Rows, device: torch.device
) -> Iterator[None]:
    """While the block runs, BatchNorm of the network has the moments of plain views of some records.

    Args:
        objective: The network; its statistics are put back at the end.
        pretext: Makes the views.
        records: Of which some are shown to it.
        rows: Their numbers.
        device: Where the network computes.
    """
    with as_before(objective):
        if batch_norms(objective):
            calibrate(objective, pretext, records, rows, device)
        yield


def calibrate(
    objective: Objective, pretext: Pretext, records: LabelledRecords, rows: Rows, device: torch.device
) -> None:
    """Set the running statistics of a network's BatchNorm; arguments as of `recalibrated`."""
    with measuring(objective.to(device)):
        for batch in np.array_split(rows, -(-len(rows) // _BATCH)):
            views = [pretext.plain_views(record) for record in records.some(batch)]
            objective.features(batch_of([view for each in views for view in each], device))


@contextmanager
def as_before(module: nn.Module) -> Iterator[None]:
    """After the block, BatchNorm's running statistics are what they were before it."""
    kept = [(norm, norm.running_mean.clone(), norm.running_var.clone()) for norm in batch_norms(module)]
    try:
        yield
    finally:
        for norm, mean, variance in kept:
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(variance)


@contextmanager
def measuring(module: nn.Module) -> Iterator[None]:
    """After the block, BatchNorm's running statistics are the moments of all that the network was shown in it.

    While it runs, the network is in evaluation mode and takes no gradients, and each batch is normalised by its own
    moments.
    """
    moments = {norm: _Moments() for norm in batch_norms(module)}
    hooks = [norm.register_forward_pre_hook(each.take) for norm, each in moments.items()]
    try:
        with evaluating(module), torch.no_grad():
            yield
    finally:
        for hook in hooks:
            hook.remove()
    for norm, each in moments.items():
        each.settle(norm)


def batch_norms(module: nn.Module) -> list[Any]:
    """The modules that keep running statistics of batches, whatever their class."""
    return [each for each in module.modules() if isinstance(getattr(each, "running_mean", None), Tensor)]


@dataclass
class _Moments:
    """Sums over all that a BatchNorm is given, by channel, in float64."""

    count: int = 0
    first: Tensor | float = 0.0
    second: Tensor | float = 0.0

    def take(self, norm: Any, given: tuple[Tensor, ...]) -> None:
        """Add a batch up, and have it normalised by its own moments, as in training."""
        rows = given[0].detach().double().transpose(0, 1).flatten(1)
        self.count += rows.shape[1]
        self.first = self.first + rows.sum(1)
        self.second = self.second + rows.square().sum(1)
        norm.running_mean.copy_(rows.mean(1))
        norm.running_var.copy_(rows.var(1, correction=0))

    def settle(self, norm: Any) -> None:
        """The moments of all batches together; nothing where the features do not come by this way."""
        if not self.count:
            return
        mean = self.first / self.count
        norm.running_mean.copy_(torch.as_tensor(mean))
        norm.running_var.copy_(torch.as_tensor(self.second / self.count - mean**2).clamp_min(0))
