"""Features of a network for records: for each record the mean over its views."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headrace.shards.base.errors import TrainingError
from headrace.shards.base.progress import Advance

from ..data import Record
from ..modes import evaluating
from ..pretext.base import Arrays, Objective, Pretext

_ON_CPU, _ELSEWHERE = 64, 512
"""Records whose views are computed together."""


def network_features(
    objective: Objective, pretext: Pretext, records: Iterable[Record], device: torch.device, advance: Advance
) -> NDArray[np.float32]:
    """(N, D) features of the records, with the network in evaluation mode.

    Args:
        objective: The network.
        pretext: Makes the views.
        records: N records.
        device: Where the network computes.
        advance: Is called once for each record.

    Raises:
        TrainingError: They are not finite.
    """
    found = []
    # No inference mode: what a network in training keeps of it, autograd could not use afterwards.
    with evaluating(objective.to(device)), torch.no_grad():
        for chunk in _chunks(records, _ON_CPU if device.type == "cpu" else _ELSEWHERE):
            views = [pretext.plain_views(record) for record in chunk]
            found.append(mean_features(objective, views, device).float().cpu().numpy())
            advance(len(chunk))
    features = np.concatenate(found)
    if not np.isfinite(features).all():
        raise TrainingError(
            "the network's features are not all finite",
            found=f"infinities, or no numbers, in {int((~np.isfinite(features)).any(1).sum())} of {len(features)} rows",
            remedy="Evaluate an earlier checkpoint, or train anew with a lower rate",
        )
    return features


def mean_features(objective: Objective, views: Sequence[Sequence[Arrays]], device: torch.device) -> Tensor:
    """(B, D) the mean features of each record's views, with gradients where they are enabled."""
    rows = objective.features(batch_of([view for each in views for view in each], device))
    counts = torch.tensor([len(each) for each in views], device=device)
    owner = torch.repeat_interleave(torch.arange(len(views), device=device), counts)
    sums = rows.new_zeros(len(views), rows.shape[1]).index_add(0, owner, rows)
    return sums / counts[:, None]


def batch_of(views: Sequence[Arrays], device: torch.device) -> dict[str, Tensor]:
    """Views as a batch of the objective."""
    return {name: torch.from_numpy(np.stack([view[name] for view in views])).to(device) for name in views[0]}


def _chunks(records: Iterable[Record], size: int) -> Iterator[list[Record]]:
    rest = iter(records)
    while chunk := list(islice(rest, size)):
        yield chunk
