"""What to do when the memory does not suffice for a step."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from headrace.shards.base.errors import TrainingError

from .recipe import TrainModel

_OF_CPU = "DefaultCPUAllocator"
"""Who speaks where torch finds no memory of the host; its errors have no type of their own."""


@contextmanager
def memory_advice(model: TrainModel) -> Iterator[None]:
    """While the block runs, a lack of memory is told with what can be changed about it.

    Raises:
        TrainingError: There was not enough.
    """
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        if not isinstance(error, torch.OutOfMemoryError | MemoryError) and _OF_CPU not in str(error):
            raise
        raise TrainingError(
            "there is not enough memory for a step",
            found=str(error).partition("\n")[0] or "an allocation that failed",
            remedy=f"{_advice(model)}. The same line with it continues from the last checkpoint",
        ) from error


def _advice(model: TrainModel) -> str:
    """What needs less memory and is not in use yet, that which costs least first; batch_size is another run's."""
    advice = [f"more micro-batches (accumulate={2 * model.accumulate}), with the same gradients"]
    if not model.activation_checkpointing:
        advice.append("activation_checkpointing=true, a third slower")
    if model.parallel.strategy == "ddp":
        advice.append("several processes with parallel.strategy=fsdp, of which each holds a share of the parameters")
    if model.precision == "fp32":
        advice.append("in a new run precision=bf16")
    return "Try " + ", ".join(advice) + " or a smaller batch_size"
