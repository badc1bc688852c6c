"""How fast a run goes, and how much of the device it uses."""

from functools import partial

import numpy as np
import torch

from headrace.shards.stream.delivery import tensors
from headrace.shards.stream.delivery.prepared import tensor_batch

from ..distributed import World
from ..metrics import rates
from ..precision import autocast
from ..runs import Run
from ..state import State
from .flops import flops_per_sample
from .memory import memory_in_use
from .peaks import peak

_COUNTED = 8
"""Samples of which the operations are counted, at most; the first of the stream, so that they are the same at a
restart."""


class Speed:
    """Measures a run from line to line.

    Args:
        run: The run.
        world: Its processes; all of them must make one, since they count a network's operations together.
        state: The run's state, before it goes on.
    """

    def __init__(self, run: Run, world: World, state: State) -> None:
        self._run, self._world, self._state = run, world, state
        self._share = _share_per_sample(run, world, state)
        if world.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(world.device)

    def lap(self) -> dict[str, float]:
        """The part of a line that tells of the steps since the last lap; begins the next one."""
        found = rates(self._state.loader.waits(), self._run.recipe.model.batch_size, self._run.pretext.tokens)
        memory = memory_in_use(self._world.device)
        if self._share is None:
            return {**found, "memory": memory}
        return {**found, "mfu": found["samples_per_s"] / self._world.size * self._share, "memory": memory}

    def restart(self) -> None:
        """Begin the lap anew: what was done since the last one was no training."""
        self._state.loader.waits()


def _share_per_sample(run: Run, world: World, state: State) -> float | None:
    """Seconds that a sample takes at the device's peak; None where that is not known."""
    model = run.recipe.model
    most = peak(world.device, model.precision, model.peak_tflops)
    if most is None:
        return None
    samples = state.stream.read(np.arange(min(_COUNTED, model.batch_size // (world.size * model.accumulate))))
    batch = state.finish(tensor_batch(samples, state.stream.ragged, tensors))
    return flops_per_sample(state.objective, batch, partial(autocast, model.precision, world.device)) / most
