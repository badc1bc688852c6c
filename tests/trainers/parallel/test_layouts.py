"""Law 6 for networks that are spread: weights after several steps are those of one process, in every layout.

The tolerance is that of test_law_6: sums over rows, over shares of a matrix and over processes are added up in another
order, which moves float32 gradients by parts in a million; Adam's eps is large, so that a gradient of nearly nothing
does not decide a sign, and three steps stay within a part in a thousand.
"""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

from headrace.shards.base.errors import RecipeError, TrainingError, UsageError
from headrace.trainers.distributed import ALONE, joined
from headrace.trainers.loop import take_step
from headrace.trainers.parallel import sharded
from headrace.trainers.parallel.norms import here
from headrace.trainers.parallel.placing import placed, refuse_unused
from headrace.trainers.parallel.recipe import ParallelRecipe
from headrace.trainers.parallel.whole import whole_objective, whole_state
from headrace.trainers.recipe import read_recipe
from headrace.trainers.runs import Run
from headrace.trainers.state import start

_spec = importlib.util.spec_from_file_location("ranks", Path(__file__).parents[1] / "ranks.py")
ranks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(ranks)

TINY = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
NETWORKS = {
    "mixtral": {"type": "mixtral", "num_key_value_heads": 2, "num_local_experts": 4, **TINY},
    "llama": {"type": "llama", "num_key_value_heads": 2, **TINY},
    "tied llama": {"type": "llama", "num_key_value_heads": 2, "tie_word_embeddings": True, **TINY},
}
SLOW = pytest.mark.slow
COMMON = ["batch_size=12", "pretext.causal_lm.length=12"]
ADAM = ["optimizer.eps=1e-3", "optimizer.clip=0.5"]
FSDP, TENSOR = ["parallel.strategy=fsdp"], ["parallel.strategy=fsdp", "parallel.tensor=2"]


def opened(recipe_of, tmp_path, network, *overrides):
    path = recipe_of("causal_lm", backbone=NETWORKS[network])
    return Run.of(read_recipe(path, [*COMMON, *overrides]), tmp_path / "run")


def trained(run, world, steps=3):
    """Weights after some steps, whole, as numpy; the last line of the log; and the directions of the mesh by group."""
    state = start(run, world)
    batches = iter(state.loader)
    for _ in range(steps):
        outcome, numbers = take_step(run, world, state, next(batches))
    weights = {name: each.numpy() for name, each in whole_state(state.objective, keep=True).items()}
    groups = [
        [getattr(each, "device_mesh", None) for each in group["params"]] for group in state.optimizer.param_groups
    ]
    directions = [{0 if mesh is None else mesh.ndim for mesh in group} for group in groups]
    return weights, {**outcome.line(world), **numbers}, directions


LAYOUTS = [
    pytest.param(2, [*FSDP, "accumulate=2", "activation_checkpointing=true"], [1, 1], id="fsdp"),
    pytest.param(2, [*TENSOR, "activation_checkpointing=true"], [2, 1, 1], id="tensor"),
    pytest.param(4, [*TENSOR, "accumulate=2"], [2, 1, 1], id="2x2", marks=SLOW),
]


def assert_same(recipe_of, tmp_path, network, size, layout, changes=ADAM):
    """That several processes end at the weights, and say the last line, of one; the mesh's directions by group."""
    alone, line, _ = trained(opened(recipe_of, tmp_path, network, *changes), ALONE)
    run = opened(recipe_of, tmp_path, network, *layout, *changes)
    parts = ranks.on_ranks(size, lambda world: trained(run, world), run.recipe.model.parallel.tensor)
    for weights, told, _ in parts:
        assert told == pytest.approx(line, rel=1e-4)
        for name, weight in alone.items():
            np.testing.assert_allclose(weights[name], weight, rtol=1e-3, atol=1e-5, err_msg=name)
    return [found for *_, found in parts]


@pytest.mark.parametrize("network", ["llama", "tied llama"])
@pytest.mark.parametrize(("size", "layout", "directions"), LAYOUTS)
def test_weights_are_those_of_one_process(recipe_of, tmp_path, network, size, layout, directions):
    for found in assert_same(recipe_of, tmp_path, network, size, layout):
        assert found == [{each} for each in directions]


def held(run, world):
    """How many numbers of parameters, moments and gradients a process holds."""
    state = start(run, world)
    take_step(run, world, state, next(iter(state.loader)))
    moments = [each["exp_avg"] for each in state.optimizer.state.values()]
    parameters = list(state.objective.parameters())
    return [sum(here(each).numel() for each in part) for part in (parameters, moments, [p.grad for p in parameters])]


def test_each_process_holds_its_share(recipe_of, tmp_path):
    alone = held(opened(recipe_of, tmp_path, "llama"), ALONE)
    run = opened(recipe_of, tmp_path, "llama", *FSDP)
    one, other = ranks.on_ranks(2, lambda world: held(run, world))
    assert [sum(pair) for pair in zip(one, other, strict=True)] == alone
    assert all(share < 0.55 * whole for part in (one, other) for share, whole in zip(part, alone, strict=True))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch's compiler does what torch warns of
def test_blocks_are_compiled_and_spread(recipe_of, tmp_path):
    assert_same(recipe_of, tmp_path, "llama", 2, [*FSDP, "compile=true", "activation_checkpointing=true"])


def test_experts_are_spread_as_well(recipe_of, tmp_path):
    assert_same(recipe_of, tmp_path, "mixtral", 2, FSDP)


OPTIMIZERS = {
    "lars": "{name: lars, lr: 3, weight_decay: 0.1, layer_decay: 0.5, clip: 0.5, clip_each: 0.1}",
    "sgd": "{name: sgd, lr: 0.1, layer_decay: 0.5, nesterov: true}",
}


@SLOW
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_sees_whole_parameters(recipe_of, tmp_path, name):
    assert_same(recipe_of, tmp_path, "llama", 2, TENSOR, [f"optimizer={OPTIMIZERS[name]}"])


def lines(run, world):
    return trained(run, world)[1]


LOWER = [
    ("simclr", "bf16", ["norm_group=4"]),
    ("mae", "fp16", []),
    pytest.param(
        "mlm", "bf16", ["backbone.hidden_dropout_prob=0", "backbone.attention_probs_dropout_prob=0"], marks=SLOW
    ),
    pytest.param("mixture", "bf16", [], marks=SLOW),
    pytest.param("simclr", "fp16", ["norm_group=4"], marks=SLOW),
]


@pytest.mark.parametrize(("pretext", "precision", "changes"), LOWER)
def test_lower_precision_is_nearly_that_of_one_process(recipe_of, tmp_path, pretext, precision, changes):
    # Hardly a step, since with a scale at the edge of fp16 one of them may skip what the other one takes.
    changes = [*changes, f"precision={precision}", "optimizer={name: adamw, lr: 1e-7}"]
    one, other = (Run.of(read_recipe(recipe_of(pretext), [*changes, *more]), tmp_path / "run") for more in ([], FSDP))
    alone = lines(one, ALONE)
    for told in ranks.on_ranks(2, lambda world: lines(other, world)):
        # Gradients of weights are rounded once for each process' rows.
        assert told["loss"] == pytest.approx(alone["loss"], rel=1e-3)
        assert told.get("grad_norm", 0.0) == pytest.approx(alone.get("grad_norm", 0.0), rel=2e-2)


def gathered(run, world):
    """What the objective is on each process before a step and after one: its features of a batch, and its device."""
    state = start(run, world)
    batch = state.finish(next(iter(state.loader)))
    take_step(run, world, state, batch)
    alone = whole_objective(run, state.objective)
    return alone if alone is None else (alone.eval().features(batch).detach().numpy(), alone.training)


def test_the_whole_network_is_on_the_first_process(recipe_of, tmp_path):
    run = opened(recipe_of, tmp_path, "llama", *FSDP)
    (found, training), nothing = ranks.on_ranks(2, lambda world: gathered(run, world))
    assert nothing is None
    assert found.shape == (6, 32)
    assert not training


def gathered_after_a_look(run, world):
    """The same after a pass without gradients, from which FSDP keeps what is in no block."""
    state = start(run, world)
    with torch.no_grad():
        state.objective(state.finish(next(iter(state.loader))))
    return whole_objective(run, state.objective) is not state.objective


def test_a_network_of_unknown_blocks_is_put_together_as_well(recipe_of, tmp_path, monkeypatch):
    monkeypatch.setattr(sharded, "_blocks", lambda objective: [])
    run = opened(recipe_of, tmp_path, "llama", *FSDP)
    assert ranks.on_ranks(2, lambda world: gathered_after_a_look(run, world)) == [True, True]


def refused(run, size):
    def task(world):
        with pytest.raises(RecipeError) as caught:
            start(run, world)
        return str(caught.value)

    return ranks.on_ranks(size, task, size)[0]


def test_what_cannot_be_computed_together_is_refused(recipe_of, tmp_path):
    run = opened(recipe_of, tmp_path, "mixtral", *TENSOR)
    assert "cannot be split. Found: backbone.type: mixtral. Expected: a network of the Llama family" in refused(run, 2)
    run = opened(recipe_of, tmp_path, "llama", *TENSOR, "backbone.num_key_value_heads=1")
    assert "parallel.tensor=2, backbone.num_key_value_heads=1. Expected: a multiple of 2" in refused(run, 2)
    with pytest.raises(RecipeError, match="strategy: fsdp beside tensor"):
        opened(recipe_of, tmp_path, "llama", "parallel.tensor=2")
    with pytest.raises(UsageError, match=r"1 process, parallel\.tensor=2"), joined("cpu", 2):
        pass


class Spare(torch.nn.Module):
    """A module one part of which does nothing."""

    def __init__(self):
        super().__init__()
        self.used, self.spare = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)

    def forward(self, rows):
        return self.used(rows)


def test_parameters_without_a_gradient_are_named():
    def task(world):
        for freeze in (True, False):
            module = Spare()
            module.spare.requires_grad_(not freeze)
            parallel = placed(module, world, ParallelRecipe())
            parallel(torch.ones(3, 2)).sum().backward()
            if freeze:
                refuse_unused(parallel)
        with pytest.raises(TrainingError, match=r"take no part in the loss.*Found: spare\.weight, spare\.bias\."):
            refuse_unused(parallel)

    ranks.on_ranks(2, task)
