"""The network put where it computes, and what is called so that gradients are averaged over processes."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.distributed.fsdp import FSDPModule
from torch.nn.parallel import DistributedDataParallel

from headrace.shards.base.errors import TrainingError

from ..distributed import World
from ..pretext.base import Objective
from .recipe import ParallelRecipe
from .sharded import shard
from .tensor import split_matrices


def placed(objective: Objective, world: World, recipe: ParallelRecipe) -> nn.Module:
    """The objective as every process must call it, its parameters on the device, or this process' share of them.

    Parameters of the objective itself may be others afterwards: optimizers are to be made later.

    Raises:
        RecipeError: The network's matrices cannot be computed together by so many processes.
    """
    objective.world = world
    if world.mesh is None:
        return objective.to(world.device)
    if recipe.strategy == "fsdp":
        if recipe.tensor > 1:
            split_matrices(objective, world.axis("tensor"))
        shard(objective, world.axis("data"))
        return objective
    return DistributedDataParallel(
        objective.to(world.device),
        device_ids=[world.device] if world.device.type == "cuda" else None,
        process_group=world.axis("data").get_group(),
        gradient_as_bucket_view=True,
        forward_sync_buffers=False,  # They are what objectives make of them, the same on all processes.
    )


def refuse_unused(model: nn.Module) -> None:
    """Refuse to go on from gradients that `DistributedDataParallel` did not average, as it waits for all parameters'.

    Raises:
        TrainingError: Some trainable parameters took no part in the loss of this step.
    """
    if not isinstance(model, DistributedDataParallel):
        return
    unused = [name for name, each in model.module.named_parameters() if each.requires_grad and each.grad is None]
    if unused:
        raise TrainingError(
            "parameters take no part in the loss, and processes cannot average what is not there",
            found=", ".join(unused[:3]) + (f" and {len(unused) - 3} more" if len(unused) > 3 else ""),
            expected="a gradient of every parameter that has requires_grad",
            remedy="Call requires_grad_(False) for them in the pretext's objective, or set parallel.strategy=fsdp",
        )


@contextmanager
def local_gradients(model: nn.Module) -> Iterator[None]:
    """While the block runs, gradients stay with this process; for all micro-batches but the last."""
    if isinstance(model, DistributedDataParallel):
        with model.no_sync():
            yield
    elif isinstance(model, FSDPModule):
        model.set_requires_gradient_sync(False)
        yield
        model.set_requires_gradient_sync(True)
    else:
        yield
