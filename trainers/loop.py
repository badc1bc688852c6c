"""The training loop: the only one, for every pretext, on one process or many.

Nothing random is left over from one step to the next: torch's generators are keyed by (seed, step, row) before each
micro-batch, the learning rate and the samples are closed forms of the step. So a checkpoint between two steps is
all that the rest of the run depends on.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from headrace.shards.format.atomic import write_whole
from headrace.shards.stream import ConsumptionLog
from headrace.shards.stream.audit.logs import FOLDER
from headrace.shards.stream.delivery import tensors
from headrace.shards.stream.delivery.failures import worker_failures
from headrace.shards.stream.delivery.prepared import tensor_batch

from .checkpoint import Saver, saving
from .distributed import World, joined
from .endings import diverged, stopped
from .export import export
from .fragments import write_examples
from .headroom import within_memory
from .layers.batch_norm import forget, settle
from .optimizers.clipping import clip_gradients
from .optimizers.groups import set_rates
from .parallel.placing import refuse_unused
from .parallel.whole import beside, whole_objective
from .precision import autocast
from .recipe import TrainRecipe
from .runs import RECIPE, Run, device_seed
from .shortage import memory_advice
from .signals import StopRequest, stop_requests
from .state import State, start
from .step import Outcome, backward
from .watch.monitor import monitored

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
        TrainingError: The loss is no longer a number, a checkpoint cannot be written, there is not enough memory, or
            another process of the run is lost.
        UsageError: The batch cannot be dealt to the processes.
    """
    parallel = recipe.model.parallel
    # The requests outermost: where a process is lost, torchrun ends the others, which are still to say so.
    with (
        stop_requests() as stop,
        joined(recipe.model.device, parallel.tensor, parallel.patience) as world,
        memory_advice(recipe.model),
    ):
        run = Run.of(recipe, folder)
        state = start(run, world)
        with run.claimed() if world.main else nullcontext():
            if world.main:
                write_whole(folder / RECIPE, recipe.dump().encode())
            # Before it is claimed, nobody writes into the folder.
            world.barrier()
            run_to_end(run, world, state, stop)
            with state.ema.in_use() if state.ema else nullcontext():
                trained = whole_objective(run, state.objective)
                if trained:
                    export(run, trained)
                    examples = tensor_batch(state.stream.read(np.arange(EXAMPLES)), state.stream.ragged, tensors)
                    write_examples(run, trained, beside(state.finish(examples), trained))
                world.barrier()
        return world.main


def run_to_end(run: Run, world: World, state: State, stop: StopRequest) -> None:
    """Take all steps that are left, logging and saving on the way.

    Where any process is asked to stop, or cannot read on, all of them stop together, with everything saved that was
    done: the next step is taken when each has its rows of the batch.
    """
    model, first, saved = run.recipe.model, state.step, state.step
    batches = iter(state.loader)
    state.objective.train()
    with (
        worker_failures(),
        monitored(run, world, state) as monitor,
        closing(ConsumptionLog(run.folder / FOLDER, state.loader)) if world.leads else nullcontext() as consumed,
        saving(run.checkpoints, world, model.parallel.patience) as saver,
    ):
        while state.step < model.steps:
            before = state.loader.state_dict()
            batch, fault = _next(batches)
            ends = world.any({"asked": bool(stop), "failed": fault is not None, "unsaved": saver.failed})
            if any(ends.values()):
                monitor.doing("saving")
                if state.step > saved:
                    save(state, saver, consumed, before, monitor.score)
                saver.wait()
                # Of who was asked to stop, the processes that read ahead may have ended by the same signal.
                if fault and not ends["asked"]:
                    raise fault
                raise stopped(run, state.step, failed=not ends["asked"])
            with within_memory(model, world) if state.step == first else nullcontext():
                outcome, numbers = take_step(run, world, state, batch)
            monitor.stepped(outcome, numbers)
            if state.step == model.steps or state.step % model.checkpoint_every == 0:
                save(state, saver, consumed, state.loader.state_dict(), monitor.score)
                saved = state.step
        monitor.doing("saving")


def save(
    state: State, saver: Saver, consumed: ConsumptionLog | None, stream: Mapping[str, Any], score: float | None
) -> None:
    """Begin to save a checkpoint, the stream of which stands as `stream` says."""
    # Before, since a checkpoint is proof of what all processes have logged: it counts when each has written its part.
    if consumed:
        consumed.write()
    saver.save(state.step, state.contents, stream, score)


def take_step(run: Run, world: World, state: State, batch: Mapping[str, Any]) -> tuple[Outcome, dict[str, float]]:
    """One step of the optimizer on this process' rows of a batch; the outcome, and numbers for the log.

    Where fp16 was too short for the gradients, nothing is changed but the scale of the loss.

    Raises:
        TrainingError: The loss or the gradients are not finite; the parameters are as before the step.
    """
    model, step, scale = run.recipe.model, state.step, state.scale.value
    state.optimizer.zero_grad(set_to_none=True)
    outcome = backward(
        state.objective,
        state.parallel,
        state.finish(batch),
        world,
        accumulate=model.accumulate,
        autocast=partial(autocast, model.precision, world.device),
        seed=lambda row: device_seed(model.seed, "step", step, row),
        scale=scale,
    )
    refuse_unused(state.parallel)
    norm = clip_gradients(state.objective.parameters(), model.optimizer, scale).item()
    rate = model.optimizer.peak(model.batch_size) * model.schedule.factor(step, model.steps)
    set_rates(state.optimizer, rate, model.optimizer.decay(step, model.steps))
    numbers = {"lr": rate, **state.scale.line()}
    if math.isfinite(norm):
        state.optimizer.step()
        settle(state.objective, world)
        state.objective.after_step(step, model.steps)
        if state.ema:
            state.ema.update(step)
        state.scale.endured()
        numbers["grad_norm"] = norm
    elif state.scale.overflowed():
        forget(state.objective)
    else:
        raise diverged(run, step, outcome.line(world)["loss"], norm)
    state.step += 1
    return outcome, numbers


def _next(batches: Iterator[Mapping[str, Any]]) -> tuple[Mapping[str, Any], Exception | None]:
    """The next batch; none of it, and why, where it cannot be had."""
    try:
        return next(batches), None
    # Whatever it is: what was done until here is to be saved before it is passed on.
    except Exception as error:
        return {}, error
