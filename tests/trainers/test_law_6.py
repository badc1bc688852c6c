"""Law 6: loss and gradients on N ranks equal those of one process on the whole batch."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

from headrace.trainers.distributed import World
from headrace.trainers.loop import start, take_step
from headrace.trainers.recipe import read_recipe
from headrace.trainers.runs import Run
from headrace.trainers.step import backward

ALONE = World(0, 1, torch.device("cpu"))

# Tests are no package, so a helper beside them is loaded from its file.
_spec = importlib.util.spec_from_file_location("ranks", Path(__file__).with_name("ranks.py"))
ranks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(ranks)

STILL = {"backbone.hidden_dropout_prob": 0.0, "backbone.attention_probs_dropout_prob": 0.0}


def opened(recipe_of, tmp_path, pretext, **changes):
    overrides = [f"{name}={value}" for name, value in {**STILL, "batch_size": 12, **changes}.items()]
    return Run.of(read_recipe(recipe_of(pretext), overrides), tmp_path / "run")


def gradients_and_line(run, world, accumulate):
    """Of the second batch of a run: gradients and what the log would say, as numpy."""
    state = start(run, world)
    batches = iter(state.loader)
    next(batches)
    outcome = backward(state.objective, state.parallel, next(batches), world, accumulate=accumulate)
    named = state.objective.named_parameters()
    return {name: each.grad.numpy() for name, each in named if each.grad is not None}, outcome.line(world)


@pytest.mark.parametrize("pretext", ["mae", "mlm"])
@pytest.mark.parametrize(("size", "accumulate"), [(2, 1), (3, 2)])
def test_gradients_do_not_depend_on_ranks_or_micro_batches(recipe_of, tmp_path, pretext, size, accumulate):
    run = opened(recipe_of, tmp_path, pretext)
    whole, told = gradients_and_line(run, ALONE, 1)
    for found, line in ranks.on_ranks(size, lambda world: gradients_and_line(run, world, accumulate)):
        assert line == pytest.approx(told, rel=1e-5)
        assert found.keys() == whole.keys()
        for name, gradient in whole.items():
            np.testing.assert_allclose(found[name], gradient, rtol=1e-3, atol=1e-6, err_msg=name)


def test_the_ranks_of_mlm_have_different_numbers_of_targets(recipe_of, tmp_path):
    """Else the test above could not tell a mean of means from the mean."""
    run = opened(recipe_of, tmp_path, "mlm", **{"pretext.mlm.share": 0.9})

    def targets(world):
        state = start(run, world)
        return state.objective.targets(next(iter(state.loader)))["tokens"].item()

    assert len(set(ranks.on_ranks(2, targets))) == 2


def weights_after(run, world, steps):
    state = start(run, world)
    batches = iter(state.loader)
    for _ in range(steps):
        take_step(run, world, state, next(batches))
    return {name: each.detach().numpy() for name, each in state.objective.named_parameters()}


@pytest.mark.parametrize("pretext", ["mae", "mlm"])
def test_several_steps_end_at_the_same_weights(recipe_of, tmp_path, pretext):
    # Adam's eps is large, so that a gradient of nearly nothing does not decide a sign.
    run = opened(recipe_of, tmp_path, pretext, **{"optimizer.eps": 1e-3, "optimizer.clip": 0.5})
    alone = weights_after(run, ALONE, 3)
    both = ranks.on_ranks(2, lambda world: weights_after(run, world, 3))
    for name, weight in alone.items():
        np.testing.assert_array_equal(both[0][name], both[1][name], err_msg=name)
        np.testing.assert_allclose(both[0][name], weight, rtol=1e-3, atol=1e-5, err_msg=name)
