from pathlib import Path

import pytest
import torch

from headrace.shards.base.recipe import make
from headrace.trainers.backbones import BackboneRecipe
from headrace.trainers.optimizers import AdamwRecipe
from headrace.trainers.optimizers.groups import parameter_groups, set_rates
from headrace.trainers.registries import PRETEXTS


def tiny(name):
    kind = PRETEXTS.load(name)
    example = kind.examples[0]
    return make(kind, example.parameters, Path()).objective(BackboneRecipe(**example.backbone))


@pytest.fixture
def groups(request):
    model = tiny(request.param)
    decaying, resting = parameter_groups(model)
    assert (decaying["decays"], resting["decays"]) == (True, False)
    return model, dict(decaying["params"]), dict(resting["params"])


@pytest.mark.parametrize("groups", ["mae", "mlm", "causal_lm"], indirect=True)
def test_every_trainable_parameter_is_in_one_group(groups):
    model, decaying, resting = groups
    assert not decaying.keys() & resting.keys()
    assert decaying.keys() | resting.keys() == {n for n, p in model.named_parameters() if p.requires_grad}


@pytest.mark.parametrize("groups", ["mae", "mlm"], indirect=True)
def test_biases_norms_tokens_and_positions_do_not_decay(groups):
    _, decaying, resting = groups
    spared = ("bias", "norm", "LayerNorm", "position", "cls_token", "mask_token")
    assert not [name for name in decaying if any(part in name for part in spared)]
    assert all(any(part in name for part in spared) for name in resting)


@pytest.mark.parametrize("groups", ["causal_lm"], indirect=True)
def test_of_gpt2_all_that_is_a_matrix_decays_as_in_nanogpt(groups):
    model, decaying, _ = groups
    assert decaying.keys() == {name for name, each in model.named_parameters() if each.ndim >= 2}


def test_positions_of_bert_are_learned_without_decay_and_those_of_mae_are_fixed():
    assert any("position_embeddings" in name for name, _ in parameter_groups(tiny("mlm"))[1]["params"])
    assert not tiny("mae").backbone.embeddings.position_embeddings.requires_grad


def test_decay_shrinks_matrices_only():
    model = torch.nn.Linear(3, 3)
    torch.nn.init.ones_(model.weight)
    torch.nn.init.ones_(model.bias)
    optimizer = AdamwRecipe(lr=0.5, weight_decay=0.1).build(model, batch_size=1)
    for each in model.parameters():
        each.grad = torch.zeros_like(each)
    optimizer.step()
    torch.testing.assert_close(model.weight.detach(), torch.full((3, 3), 0.95))
    assert torch.equal(model.bias.detach(), torch.ones(3))


def test_every_group_gets_the_rate_and_those_that_decay_the_decay():
    optimizer = AdamwRecipe().build(torch.nn.Linear(2, 2), 1)
    set_rates(optimizer, 0.125, 0.5)
    assert [group["lr"] for group in optimizer.param_groups] == [0.125, 0.125]
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.5, 0.0]


@pytest.mark.parametrize("pretext", ["mae", "mlm", "causal_lm"])
def test_layers_below_the_top_learn_at_their_share_of_the_rate(pretext):
    model = tiny(pretext)
    optimizer = AdamwRecipe(layer_decay=0.5).build(model, 1)
    set_rates(optimizer, 8.0, 0.0)
    layers = model.backbone.config.num_hidden_layers
    rates = {name: group["lr"] for group in optimizer.param_groups for name in group["param_names"]}
    assert rates.keys() == {name for name, each in model.named_parameters() if each.requires_grad}
    below = {name: rate for name, rate in rates.items() if name.startswith("backbone.") and rate < 8}
    assert set(below.values()) == {8 * 0.5**steps for steps in range(1, layers + 2)}
    assert all(rate == 8 for name, rate in rates.items() if "decoder" in name or ".cls." in name)


def test_no_layer_decay_and_one_of_1_are_the_same_rates():
    model = tiny("mae")
    assert [group["lr_scale"] for group in parameter_groups(model, 1.0)] == [1.0, 1.0]
