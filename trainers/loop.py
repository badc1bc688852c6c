"""The training loop: the only one, for every pretext, on one process or many.

Nothing random is left over from one step to the next: torch's generators are keyed by (seed, step, row) before each
micro-batch, the learning rate and the samples are closed forms of the step. So a checkpoint between two steps is
all that the rest of the run depends on.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from headrace.shards.base.counts import counted
from headrace.shards.base.errors import HeadraceError, Interrupted, StateError, TrainingError, UsageError
from headrace.shards.base.progress import Advance, progress
from headrace.shards.cache import Cache
from headrace.shards.format.atomic import write_whole
from headrace.shards.stream import ConsumptionLog, Stream
from headrace.shards.stream.audit.logs import FOLDER
from headrace.shards.stream.delivery import tensors
from headrace.shards.stream.delivery.failures import worker_failures
from headrace.shards.stream.delivery.loader import Loader
from headrace.shards.stream.delivery.prepared import tensor_batch

from .data import RECORD_CODECS
from .distributed import World, joined
from .export import export
from .fragments import write_training
from .metrics import MetricsLog, rates
from .optimizers.clipping import clip_gradients
from .optimizers.groups import set_rates
from .pretext.base import Objective
from .recipe import TrainModel, TrainRecipe
from .rendering import Finish, rendering
from .runs import RECIPE, Run, device_seed
from .signals import StopRequest, stop_requests
from .step import Outcome, backward

EXAMPLES = 12
"""Samples that are drawn for the report."""


def train(recipe: TrainRecipe, folder: Path) -> bool:
    """Train from a recipe, from where the folder's latest checkpoint stands, to the end.

    Args:
        recipe: The recipe.
        folder: RUN; see `runs`.

    Returns:
        Whether this is the process that wrote the files.

    Raises:
        InputError: The folder cannot be used, holds something else, or another process trains there.
        Interrupted: The run was asked to stop; it saved its state, and the same call continues it.
        RecipeError: Shards, pretext and network do not fit each other.
        StateError: The folder holds a checkpoint of another run, or one behind the last step.
        TrainingError: The loss is no longer a number, or a checkpoint cannot be written.
        UsageError: The batch cannot be dealt to the processes.
    """
    with joined(recipe.model.device) as world, stop_requests() as stop:
        run = Run.of(recipe, folder)
        state = start(run, world)
        with run.claimed() if world.main else nullcontext():
            if world.main:
                write_whole(folder / RECIPE, recipe.dump().encode())
            # Before it is claimed, nobody writes into the folder.
            world.barrier()
            run_to_end(run, world, state, stop)
            if world.main:
                export(run, state.objective)
                examples = tensor_batch(state.stream.read(np.arange(EXAMPLES)), state.stream.ragged, tensors)
                write_training(run, state.objective, state.finish(examples))
            world.barrier()
        return world.main


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
        step: Steps done.
    """

    stream: Stream
    loader: Loader
    finish: Finish
    objective: Objective
    parallel: nn.Module
    optimizer: torch.optim.Optimizer
    step: int


def start(run: Run, world: World) -> State:
    """Make everything from the recipe, and put the latest checkpoint into it if there is one."""
    model, pretext = run.recipe.model, run.pretext
    if model.batch_size % (world.size * model.accumulate):
        raise UsageError(
            "the batch cannot be dealt evenly",
            found=f"batch_size={model.batch_size}, {world.size} processes, accumulate={model.accumulate}",
            expected=f"a multiple of {world.size * model.accumulate}",
            remedy="Change batch_size or accumulate, or the number of processes",
        )
    transform, finish = rendering(pretext, model.data.render, world.device)
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
    objective = run.untrained().to(world.device)
    optimizer = model.optimizer.build(objective, model.batch_size)
    restored = run.checkpoints.restore(objective, optimizer)
    step, position = restored or (0, None)
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
        start=position,
    )
    return State(stream, loader, finish, objective, world.wrap(objective), optimizer, step)


def run_to_end(run: Run, world: World, state: State, stop: StopRequest) -> None:
    """Take all steps that are left, logging and saving on the way.

    Where any process is asked to stop, or cannot read on, all of them stop together, with everything saved that was
    done: the next step is taken when each has its rows of the batch.
    """
    model, saved = run.recipe.model, state.step
    log = MetricsLog(run.folder, state.step) if world.main else None
    batches = iter(state.loader)
    state.objective.train()
    with (
        worker_failures(),
        _bar(run, world, state.step) as advance,
        closing(ConsumptionLog(run.folder / FOLDER, state.loader)) as consumed,
    ):
        while state.step < model.steps:
            before = state.loader.state_dict()
            batch, fault = _next(batches)
            flags = {"asked": torch.tensor(float(bool(stop))), "failed": torch.tensor(float(fault is not None))}
            ends = world.sum(flags)
            if any(ends.values()):
                if state.step > saved:
                    save(run, world, state, consumed, before)
                raise fault or _stopped(run, state.step, failed=ends["failed"] > 0)
            outcome, numbers = take_step(run, world, state, batch)
            ended = state.step == model.steps
            note = ""
            if ended or state.step % model.log_every == 0:
                spent = rates(state.loader.waits(), model.batch_size, run.pretext.tokens)
                line = {"step": state.step, **outcome.line(world), **numbers, **spent}
                note = (
                    f"loss {line['loss']:.4f}, {line['samples_per_s']:,.0f} samples/s, {line['data_wait']:.0%} waiting"
                )
                if log:
                    log.write(line)
            advance(note=note)
            if ended or state.step % model.checkpoint_every == 0:
                save(run, world, state, consumed, state.loader.state_dict())
                saved = state.step


def save(run: Run, world: World, state: State, consumed: ConsumptionLog, stream: Mapping[str, Any]) -> None:
    """Save a checkpoint, the stream of which stands as `stream` says."""
    consumed.write()
    # A checkpoint is proof of what all processes have logged.
    world.barrier()
    if world.main:
        run.checkpoints.save(state.step, state.objective, state.optimizer, stream)


def take_step(run: Run, world: World, state: State, batch: Mapping[str, Any]) -> tuple[Outcome, dict[str, float]]:
    """One step of the optimizer on this process' rows of a batch; the outcome, and numbers for the log.

    Raises:
        TrainingError: The gradients are not finite; the parameters are as before the step.
    """
    model, step = run.recipe.model, state.step
    state.optimizer.zero_grad(set_to_none=True)
    outcome = backward(
        state.objective,
        state.parallel,
        state.finish(batch),
        world,
        accumulate=model.accumulate,
        autocast=partial(_autocast, model, world),
        seed=lambda row: device_seed(model.seed, "step", step, row),
    )
    norm = clip_gradients(state.objective.parameters(), model.optimizer).item()
    if not math.isfinite(norm):
        raise _diverged(run, step, norm)
    rate = model.optimizer.peak(model.batch_size) * model.schedule.factor(step, model.steps)
    set_rates(state.optimizer, rate, model.optimizer.decay(step, model.steps))
    state.optimizer.step()
    state.objective.after_step(step, model.steps)
    state.step += 1
    return outcome, {"lr": rate, "grad_norm": norm}


def _autocast(model: TrainModel, world: World) -> AbstractContextManager[None]:
    return torch.autocast(world.device.type, torch.bfloat16, enabled=model.precision == "bf16")


@contextmanager
def _bar(run: Run, world: World, done: int) -> Iterator[Advance]:
    if not world.main:
        yield lambda steps=1, note="": None
        return
    with progress(f"train {run.name}", run.recipe.model.steps, done=done) as advance:
        yield advance


def _next(batches: Iterator[Mapping[str, Any]]) -> tuple[Mapping[str, Any], Exception | None]:
    """The next batch; none of it, and why, where it cannot be had."""
    try:
        return next(batches), None
    # Whatever it is: what was done until here is to be saved before it is passed on.
    except Exception as error:
        return {}, error


def _stopped(run: Run, step: int, *, failed: bool) -> HeadraceError:
    kept = f"{step} of {counted(run.recipe.model.steps, 'step')} are done, and everything is saved in {run.folder}"
    remedy = "Run the same line again: it continues"
    if failed:
        return TrainingError(f"another process cannot read on; {kept}", remedy=remedy)
    return Interrupted(kept, remedy=remedy)


def _diverged(run: Run, step: int, norm: float) -> TrainingError:
    model, data = run.recipe.model, run.recipe.model.data
    asked = f"--step {step} --batch-size {model.batch_size} --seed {model.seed} --lanes {data.lanes}"
    for option, value in (("block", data.block), ("window", run.pretext.window)):
        asked += f" --{option} {value}" if value else ""
    return TrainingError(
        f"step {step} (from 0) has no finite gradients; nothing was changed by it",
        found=f"a gradient norm of {norm}",
        remedy=f"See the samples of that step with `headrace stream {data.url} {asked}`; if they are sound, "
        "lower optimizer.lr, set optimizer.clip, or lengthen schedule.warmup, and give another --out",
    )
