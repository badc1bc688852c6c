"""What a step of training changes, made from a recipe and put where the latest checkpoint stands."""

from dataclasses import dataclass

import torch
from torch import nn

from headrace.shards.base.counts import counted
from headrace.shards.base.errors import StateError, UsageError
from headrace.shards.cache import Cache
from headrace.shards.stream import Stream
from headrace.shards.stream.delivery.loader import Loader

from .blockwise import compile_blocks, recompute
from .checkpoint import Contents
from .data import RECORD_CODECS
from .distributed import World
from .ema import Ema
from .layers.batch_norm import arrange, grouped
from .parallel.placing import placed
from .precision import LossScale
from .pretext.base import Objective
from .rendering import Finish, rendering
from .runs import Run
from .samples.batches import Batches
from .signals import leave_to_the_loop
from .step import refuse_one_sample


@dataclass
class State:
    """What a step changes.

    Args:
        stream: The samples.
        loader: This process' rows of each batch; knows which batch is next.
        finish: Makes of them what the objective takes.
        objective: Network and loss.
        parallel: The same, as it must be called.
        optimizer: Over the objective's parameters.
        ema: The average of the objective's parameters, where the recipe asks for one.
        scale: Of the loss.
        step: Steps done.
    """

    stream: Stream
    loader: Loader
    finish: Finish
    objective: Objective
    parallel: nn.Module
    optimizer: torch.optim.Optimizer
    ema: Ema | None
    scale: LossScale
    step: int

    @property
    def contents(self) -> Contents:
        """What of it is in a checkpoint, beside the stream's position."""
        return Contents(self.objective, self.optimizer, self.scale, self.ema)


def start(run: Run, world: World) -> State:
    """Make everything from the recipe, and put the latest checkpoint into it if there is one.

    Raises:
        RecipeError: Shards, pretext and network do not fit each other.
        StateError: The folder holds a checkpoint of another run, or one behind the last step; or processes find
            different ones.
        UsageError: The batch cannot be dealt to the processes.
    """
    model, pretext = run.recipe.model, run.pretext
    if model.batch_size % (world.size * model.accumulate):
        processes = counted(world.size, "process", "processes")
        raise UsageError(
            "the batch cannot be dealt evenly",
            found=f"batch_size={model.batch_size}, {processes}, accumulate={model.accumulate}",
            expected=f"a multiple of {world.size * model.accumulate}",
            remedy="Change batch_size or accumulate, or the number of processes",
        )
    transform, finish = rendering(pretext, model.data.render, world.device, Batches(model.seed, model.batch_size))
    stream = Stream(
        model.data.url,
        seed=model.seed,
        lanes=model.data.lanes,
        block=model.data.block,
        window=pretext.window,
        fields=pretext.fields,
        transform=transform,
        codecs=RECORD_CODECS,
        tolerated=model.data.tolerated,
        cache=None if model.data.cache is None else Cache(model.data.cache.folder, model.data.cache.limit),
    )
    objective, parallel = _network(run, world)
    optimizer = model.optimizer.build(objective, model.batch_size)
    scale = LossScale.of(model.precision)
    ema = Ema(objective, model.ema) if model.ema else None
    restored = run.checkpoints.restore(Contents(objective, optimizer, scale, ema))
    step, position = restored or (0, None)
    _refuse_other_checkpoints(step, run, world)
    if step > model.steps:
        raise StateError(
            f"the run in {run.folder} is already further than it is to go",
            found=f"a checkpoint of step {step}",
            expected=f"at most steps={model.steps}",
            remedy=f"Set steps={step} or more, or give another --out",
        )
    loader = stream.loader(
        model.batch_size,
        rank=world.rank,
        world_size=world.size,
        num_workers=model.data.workers,
        pin_memory=world.device.type == "cuda",
        worker_init_fn=leave_to_the_loop,
        start=position,
    )
    return State(stream, loader, finish, objective, parallel, optimizer, ema, scale, step)


def _refuse_other_checkpoints(step: int, run: Run, world: World) -> None:
    """Make sure that all processes go on from the same step."""
    steps = sorted(set(world.gathered(torch.tensor([step], device=world.device)).tolist()))
    if len(steps) > 1:
        raise StateError(
            f"the processes of the run do not find the same checkpoint in {run.folder}",
            found=f"those of the steps {', '.join(map(str, steps))}",
            expected="the same one, since the folder is one that all of them share",
            remedy="Give an --out on a file system that all machines see",
        )


def _network(run: Run, world: World) -> tuple[Objective, nn.Module]:
    """The objective as it is before the first step, and what must be called in its place."""
    model = run.recipe.model
    objective = grouped(run.untrained())
    refuse_one_sample(objective, model.batch_size, "batch_size")
    arrange(objective, model.norm_group, batch_size=model.batch_size, accumulate=model.accumulate, world=world)
    if model.compile:
        compile_blocks(objective)
    if model.activation_checkpointing:
        recompute(objective)
    return objective, placed(objective, world, model.parallel)
