"""Law 6: loss and gradients on N ranks equal those of one process on the whole batch."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

from headrace.trainers.distributed import World
from headrace.trainers.loop import take_step
from headrace.trainers.losses.token_loss import IGNORED
from headrace.trainers.parallel.whole import whole
from headrace.trainers.recipe import read_recipe
from headrace.trainers.runs import Run
from headrace.trainers.state import start
from headrace.trainers.step import backward

ALONE = World(0, 1, torch.device("cpu"))

# Tests are no package, so a helper beside them is loaded from its file.
_spec = importlib.util.spec_from_file_location("ranks", Path(__file__).with_name("ranks.py"))
ranks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(ranks)

PRETEXTS = ["mae", "simclr", "mlm", "causal_lm", "mixture"]
EVEN = {"mae", "simclr"}
"""Those whose samples all have as many targets."""
PREDICTING = {"causal_lm", "mixture"}
ENCODER = {"backbone.hidden_dropout_prob": 0.0, "backbone.attention_probs_dropout_prob": 0.0}
DECODER = {f"backbone.{name}": 0.0 for name in ("embd_pdrop", "resid_pdrop", "attn_pdrop")}
# So much is asked for that windows with special tokens have less: else all ranks have the same number of targets, and
# a mean of means is the mean. Of GPT, windows have as many as documents leave that begin in them after no end.
SET = {
    "mae": ENCODER,
    "simclr": {"norm_group": 2},
    "mlm": {**ENCODER, "pretext.mlm.share": 0.9},
    "causal_lm": {**DECODER, "pretext.causal_lm.length": 14},
    "mixture": {"pretext.causal_lm.length": 14},
}


@pytest.fixture
def recipe_of(recipe_of, open_texts):
    def write(pretext, **changes):
        return recipe_of(pretext, **({"data": {"url": open_texts}} if pretext in PREDICTING else {}), **changes)

    return write


def opened(recipe_of, tmp_path, pretext, **changes):
    overrides = [f"{name}={value}" for name, value in {**SET[pretext], "batch_size": 12, **changes}.items()]
    return Run.of(read_recipe(recipe_of(pretext), overrides), tmp_path / "run")


def gradients_of(objective):
    """By name, as numpy, whole."""
    return {name: whole(each.grad).numpy() for name, each in objective.named_parameters() if each.grad is not None}


def gradients_and_line(run, world, silent=False):
    """Of the second batch of a run: gradients and what the log would say, as numpy; and how many targets are here.

    Where some are to be silent, the second half of the rows has nothing to predict.
    """
    state = start(run, world)
    batches = iter(state.loader)
    next(batches)
    batch = state.finish(next(batches))
    if silent:
        batch["labels"][max(0, 6 - world.rank * len(batch["labels"])) :] = IGNORED
    outcome = backward(state.objective, state.parallel, batch, world, accumulate=run.recipe.model.accumulate)
    gradients = gradients_of(state.objective)
    return gradients, outcome.line(world), sum(state.objective.targets(batch).values()).item()


@pytest.mark.parametrize("pretext", PRETEXTS)
@pytest.mark.parametrize(
    ("size", "accumulate", "strategy"),
    [(2, 1, "ddp"), (3, 2, "ddp"), (2, 3, "fsdp"), pytest.param(3, 1, "fsdp", marks=pytest.mark.slow)],
)
def test_gradients_do_not_depend_on_ranks_or_micro_batches(recipe_of, tmp_path, pretext, size, accumulate, strategy):
    whole, told, _ = gradients_and_line(opened(recipe_of, tmp_path, pretext), ALONE)
    run = opened(recipe_of, tmp_path, pretext, accumulate=accumulate, **{"parallel.strategy": strategy})
    parts = ranks.on_ranks(size, lambda world: gradients_and_line(run, world))
    assert (len({targets for _, _, targets in parts}) == 1) == (pretext in EVEN)
    assert_equal(parts, whole, told)


@pytest.mark.parametrize("pretext", ["mlm", "causal_lm", "mixture"])
@pytest.mark.parametrize("strategy", ["ddp", "fsdp"])
def test_a_rank_may_have_no_targets_at_all(recipe_of, tmp_path, pretext, strategy):
    whole, told, _ = gradients_and_line(opened(recipe_of, tmp_path, pretext), ALONE, silent=True)
    run = opened(recipe_of, tmp_path, pretext, **{"parallel.strategy": strategy})
    assert_equal(ranks.on_ranks(2, lambda world: gradients_and_line(run, world, silent=True)), whole, told)


@pytest.mark.parametrize("size", [2, 3])
def test_groups_of_batch_norm_may_span_ranks(recipe_of, tmp_path, size):
    run = opened(recipe_of, tmp_path, "simclr", norm_group="null")
    whole, told, _ = gradients_and_line(run, ALONE)
    assert_equal(ranks.on_ranks(size, lambda world: gradients_and_line(run, world)), whole, told)
    other, _, _ = gradients_and_line(opened(recipe_of, tmp_path, "simclr"), ALONE)
    assert any(np.abs(other[name] - gradient).max() > 1e-3 for name, gradient in whole.items())


def assert_equal(parts, whole, told):
    for found, line, _ in parts:
        assert line == pytest.approx(told, rel=1e-5, abs=1e-6)
        assert found.keys() == whole.keys()
        for name, gradient in whole.items():
            # What is summed in another order is off by a share of the largest of what is summed.
            atol = 1e-6 * max(1, np.abs(gradient).max())
            np.testing.assert_allclose(found[name], gradient, rtol=1e-3, atol=atol, err_msg=name)


def seeds(run, world, steps):
    """What torch's generator is seeded with before each pass through the network."""
    state, seen = start(run, world), []
    loss, batches = state.objective.loss, iter(state.loader)

    def watched(batch):
        seen.append(torch.initial_seed())
        return loss(batch)

    state.objective.loss = watched
    for _ in range(steps):
        take_step(run, world, state, next(batches))
    return seen


def test_what_is_random_on_the_device_is_new_in_every_step_row_and_rank(recipe_of, tmp_path):
    run = opened(recipe_of, tmp_path, "mae", accumulate=2)
    alone = seeds(run, ALONE, 3)
    assert len(set(alone)) == 6
    assert seeds(run, ALONE, 3) == alone
    assert not set(seeds(opened(recipe_of, tmp_path, "mae", accumulate=2, seed=1), ALONE, 3)) & set(alone)
    both = [seed for part in ranks.on_ranks(2, lambda world: seeds(run, world, 3)) for seed in part]
    assert len(set(both)) == 12


def weights_after(run, world, steps):
    state = start(run, world)
    batches = iter(state.loader)
    for _ in range(steps):
        take_step(run, world, state, next(batches))
    return {name: whole(each.detach()).numpy() for name, each in state.objective.state_dict().items()}


@pytest.mark.parametrize("pretext", PRETEXTS)
@pytest.mark.parametrize("strategy", ["ddp", "fsdp"])
def test_several_steps_end_at_the_same_weights(recipe_of, tmp_path, pretext, strategy):
    # Adam's eps is large, so that a gradient of nearly nothing does not decide a sign.
    changes = {"optimizer.eps": 1e-3, "optimizer.clip": 0.5, "parallel.strategy": strategy}
    run = opened(recipe_of, tmp_path, pretext, **changes)
    alone = weights_after(run, ALONE, 3)
    both = ranks.on_ranks(2, lambda world: weights_after(run, world, 3))
    for name, weight in alone.items():
        np.testing.assert_array_equal(both[0][name], both[1][name], err_msg=name)
        np.testing.assert_allclose(both[0][name], weight, rtol=1e-3, atol=1e-5, err_msg=name)
