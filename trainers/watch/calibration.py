"""Validation of a network with BatchNorm by statistics that are of the network as it is.

Running statistics follow by a tenth a step: in the first steps they are still mostly those of an untrained network, a
mean of 0 and a variance of 1, and averaged parameters (`ema`) have none of their own. So while a network is validated
it has the moments of the training samples that come next, taken as `evals.recalibration` does for the evaluations.
These samples are a function of the step, and about to be read anyway, so that a cache need hold no more.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from headrace.shards.stream.delivery import tensors
from headrace.shards.stream.delivery.prepared import tensor_batch

from ..evals.recalibration import as_before, batch_norms, measuring
from ..precision import autocast
from ..runs import Run
from ..state import State
from .validation import Validation

Tell = Callable[[str], None]
Numbers = Callable[[Tell], Mapping[str, float]]
_SAMPLES, _BATCH = 512, 64


def calibrated(validation: Validation, run: Run, state: State) -> Numbers:
    """The validation, during which BatchNorm has the moments of samples that come next; every process must call it."""

    def numbers(tell: Tell) -> Mapping[str, float]:
        with _by_the_next_samples(run, state, tell):
            return validation(tell)

    return numbers


@contextmanager
def _by_the_next_samples(run: Run, state: State, tell: Tell) -> Iterator[None]:
    objective, model = state.objective, run.recipe.model
    with as_before(objective):
        if batch_norms(objective):
            tell("BatchNorm's statistics")
            first = state.step * model.batch_size
            with measuring(objective), autocast(model.precision, objective.world.device):
                # All processes see the same, and none has to hear of the others' moments.
                for start in range(first, first + _SAMPLES, _BATCH):
                    samples = state.stream.read(np.arange(start, start + _BATCH))
                    objective(state.finish(tensor_batch(samples, state.stream.ragged, tensors)))
        yield
