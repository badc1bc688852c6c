"""Features of a network for records: for each record the mean over its views."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray

from headrace.shards.base.progress import Advance

from ..data import Record
from ..pretext.base import Arrays, Objective, Pretext

_RECORDS = 64
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
    """
    objective.to(device).eval()
    found = []
    for chunk in _chunks(records):
        found.append(_features(objective, [pretext.plain_views(record) for record in chunk], device))
        advance(len(chunk))
    return np.concatenate(found)


def _features(objective: Objective, views: Sequence[Sequence[Arrays]], device: torch.device) -> NDArray[np.float32]:
    flat = [view for each in views for view in each]
    batch = {name: torch.from_numpy(np.stack([view[name] for view in flat])).to(device) for name in flat[0]}
    with torch.inference_mode():
        rows = objective.features(batch).float().cpu().numpy()
    counts = [len(each) for each in views]
    starts = np.cumsum([0, *counts])[:-1]
    means: NDArray[np.float32] = np.add.reduceat(rows, starts, axis=0)
    means /= np.asarray(counts)[:, None]
    return means


def _chunks(records: Iterable[Record]) -> Iterator[list[Record]]:
    rest = iter(records)
    while chunk := list(islice(rest, _RECORDS)):
        yield chunk
