"""From a loader's batch to what the objective takes: on the device, with all its views."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import torch
from torch import Tensor

from headrace.shards.base.errors import RecipeError
from headrace.shards.stream.sources.transforms import BatchTransform, Transform

from .pretext.base import Batch, Pretext
from .samples.batches import Batches, Shared, sharing
from .samples.views.deferred import COLUMNS

Where = Literal["worker", "device"]
Finish = Callable[[Mapping[str, Any]], Batch]


def rendering(
    pretext: Pretext, where: Where, device: torch.device, batches: Batches
) -> tuple[Transform | BatchTransform, Finish]:
    """The transform of the stream, and what is left to do with a batch.

    Args:
        pretext: Makes the samples.
        where: Where views are rendered: by the loader's workers, or on the device.
        device: Where the network computes.
        batches: Which samples are a batch.

    Raises:
        RecipeError: The device is to render, but the pretext has no views that are rendered.
    """
    shared = Shared(pretext.of_batch, batches)
    if where == "worker":
        return sharing(pretext.transform, shared), lambda batch: _moved(batch, device)
    deferred = pretext.deferred
    if deferred is None:
        raise RecipeError(
            "data.render does not fit the pretext",
            found="device",
            expected="worker, since this pretext has no views that are rendered",
        )

    def finish(batch: Mapping[str, Any]) -> Batch:
        others = {name: column for name, column in batch.items() if name not in COLUMNS}
        return {**_moved(others, device), **deferred.rendered(batch, device)}

    return sharing(deferred, shared), finish


def _moved(batch: Mapping[str, Any], device: torch.device) -> Batch:
    """The columns of a batch that are samples' arrays, and nothing by which the stream names them."""
    return {
        name: column.to(device, non_blocking=True)
        for name, column in batch.items()
        if isinstance(column, Tensor) and not name.startswith("__")
    }
