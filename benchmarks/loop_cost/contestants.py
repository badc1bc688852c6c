"""The whole loop, the bare model, and the loader without a model."""

import os
from itertools import repeat
from pathlib import Path
from typing import Any

from ..harness import Timed
from .data import SHARDS
from .held import Held, HeldBatches, blocks

RECIPES = Path(__file__).parent / "recipes"


def whole_loop(recipe: str, steps: int, folder: Path) -> Timed:
    """`headrace train`: loader, steps, metrics, progress and checkpoints."""
    from headrace.trainers.loop import run_to_end
    from headrace.trainers.signals import StopRequest

    run, world, state = started(recipe, folder)
    run.checkpoints.folder.mkdir(parents=True)

    def loop(held: Held) -> None:
        state.loader = HeldBatches(state.loader, held)
        run_to_end(run, world, state, StopRequest())

    return blocks(loop, steps, run.recipe.model.batch_size)


def bare_model(recipe: str, steps: int, folder: Path) -> Timed:
    """The same objective and optimizer on one batch that is always there: forward, backward, the optimizer's step."""
    import torch

    run, _, state = started(recipe, folder)
    batch = state.finish(next(iter(state.loader)))
    objective, optimizer = state.objective.train(), state.optimizer

    def loop(held: Held) -> None:
        for resident in HeldBatches(repeat(batch), held):
            optimizer.zero_grad(set_to_none=True)
            targets, terms = objective.targets(resident), objective.loss(resident).terms
            torch.autograd.backward(torch.stack([value / targets[name] for name, value in terms.items()]).sum())
            optimizer.step()

    return blocks(loop, steps, run.recipe.model.batch_size)


def loader_alone(recipe: str, steps: int, folder: Path) -> Timed:
    """The same samples, read and made, and no model."""
    run, _, state = started(recipe, folder)
    return blocks(lambda held: [None for _ in HeldBatches(state.loader, held)], steps, run.recipe.model.batch_size)


def started(recipe: str, folder: Path) -> tuple[Any, Any, Any]:
    """A run of a recipe of this package on the shards in a folder, its processes, and what its steps change."""
    from headrace.trainers.threads import wait_without_spinning

    wait_without_spinning()
    from headrace.trainers.distributed import joined
    from headrace.trainers.recipe import read_recipe
    from headrace.trainers.runs import Run
    from headrace.trainers.state import start

    run = Run.of(read_recipe(RECIPES / f"{recipe}.yaml", [f"data.url={folder / SHARDS}"]), folder / str(os.getpid()))
    with joined("cpu") as world:
        return run, world, start(run, world)
