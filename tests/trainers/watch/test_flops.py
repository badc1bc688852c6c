"""Operations counted, against the formulas of the layers, written out."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Replicate, Shard, distribute_tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from headrace.shards.stream.delivery import tensors
from headrace.shards.stream.delivery.prepared import tensor_batch
from headrace.trainers.distributed import ALONE
from headrace.trainers.pretext.base import Loss
from headrace.trainers.recipe import read_recipe
from headrace.trainers.runs import Run
from headrace.trainers.state import start
from headrace.trainers.watch.flops import flops_per_sample

_spec = importlib.util.spec_from_file_location("ranks", Path(__file__).parents[1] / "ranks.py")
ranks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(ranks)


@pytest.fixture
def objective_and_batch(recipe_of, tmp_path):
    def make(pretext, *overrides):
        state = start(Run.of(read_recipe(recipe_of(pretext), overrides), tmp_path / "run"), ALONE)
        batch = state.finish(tensor_batch(state.stream.read(np.arange(4)), state.stream.ragged, tensors))
        return state.objective, batch

    return make


def block(tokens, width, hidden):
    """Multiplications and additions of one layer of a transformer, forward."""
    return 2 * tokens * (4 * width**2 + 2 * width * hidden) + 4 * tokens**2 * width


def test_of_a_masked_autoencoder(objective_and_batch):
    found = flops_per_sample(*objective_and_batch("mae"))
    # 16 patches of 4 numbers, 4 of them seen; a class token; 32 wide and 2 deep, the decoder 16 wide and 1 deep.
    embedding = 2 * 16 * 4 * 32
    encoder = 2 * block(5, 32, 64)
    decoder = 2 * 5 * 32 * 16 + block(17, 16, 64) + 2 * 17 * 16 * 4
    # The pixels need no gradient, so the first layer's backward pass costs no more than its forward pass.
    assert found == pytest.approx(3 * (encoder + decoder) + 2 * embedding, rel=0.02)


def test_of_a_language_model_whose_head_takes_its_gradients_at_once(objective_and_batch):
    objective, batch = objective_and_batch("causal_lm")
    found = flops_per_sample(objective, batch)
    vocabulary, tokens = objective.backbone.config.vocab_size, batch["tokens"].shape[1] - 1
    assert found == pytest.approx(3 * (2 * block(tokens, 32, 128) + 2 * tokens * 32 * vocabulary), rel=0.1)


def test_of_a_mixture_the_experts_that_are_chosen(objective_and_batch):
    one, two = (objective_and_batch("mixture", f"backbone.num_experts_per_tok={chosen}") for chosen in (1, 2))
    tokens = one[1]["tokens"].shape[1]
    # Of each layer the gate, up and down projections of an expert, between 32 and 64 numbers.
    assert flops_per_sample(*two) - flops_per_sample(*one) == 3 * 2 * (2 * tokens * 3 * 32 * 64)


def test_twice_the_layers_are_twice_the_operations(objective_and_batch):
    two, four = (
        flops_per_sample(*objective_and_batch("mae", f"backbone.num_hidden_layers={layers}")) for layers in (2, 4)
    )
    assert four - two == 3 * 2 * block(5, 32, 64)


@pytest.mark.parametrize("pretext", ["mae", "mlm", "causal_lm"])
def test_fused_attention_counts_as_its_products(objective_and_batch, pretext):
    objective, batch = objective_and_batch(pretext)
    with sdpa_kernel(SDPBackend.FLASH_ATTENTION):
        fused = flops_per_sample(objective, batch)
    with sdpa_kernel(SDPBackend.MATH):
        plain = flops_per_sample(objective, batch)
    assert fused == plain


def test_what_is_computed_again_to_save_memory_counts_once(objective_and_batch):
    once, again = (
        flops_per_sample(*objective_and_batch("mae", f"activation_checkpointing={wish}")) for wish in ("false", "true")
    )
    assert again == once


@pytest.mark.filterwarnings("ignore:`torch.jit.script_method` is:DeprecationWarning")
def test_what_is_compiled_counts_the_same(objective_and_batch):
    plain, compiled = (flops_per_sample(*objective_and_batch("mae", f"compile={wish}")) for wish in ("false", "true"))
    assert compiled == plain


@pytest.mark.parametrize("pretext", ["mae", "simclr", "mlm", "causal_lm"])
def test_counting_leaves_nothing_behind(objective_and_batch, pretext):
    objective, batch = objective_and_batch(pretext)
    objective.train()
    before = {name: value.clone() for name, value in objective.state_dict().items()}
    frozen = next(iter(objective.modules()))
    frozen.training = False
    modes = [each.training for each in objective.modules()]
    random = torch.get_rng_state()
    flops_per_sample(objective, batch)
    assert all(torch.equal(before[name], value) for name, value in objective.state_dict().items())
    assert all(parameter.grad is None for parameter in objective.parameters())
    assert [each.training for each in objective.modules()] == modes
    assert torch.equal(torch.get_rng_state(), random)


class Spread(torch.nn.Module):
    """A matrix whose columns lie on several processes."""

    def __init__(self, world):
        super().__init__()
        mesh = init_device_mesh("cpu", (world.size,))
        self.weight = torch.nn.Parameter(distribute_tensor(torch.ones(8, 16), mesh, [Shard(1)]))
        self.mesh = mesh

    def forward(self, batch):
        rows = DTensor.from_local(batch["rows"], self.mesh, [Replicate()])
        product = rows @ self.weight
        return Loss({"all": product.to_local().sum()})


def counted_on(world):
    return flops_per_sample(Spread(world), {"rows": torch.ones(4, 8)})


def test_of_a_spread_network_each_process_counts_its_part():
    # Forward, and the weights' gradients: nothing goes back to the rows.
    assert ranks.on_ranks(2, counted_on) == [2 * 2 * 8 * 8] * 2
