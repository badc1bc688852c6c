from pathlib import Path

import pytest
import torch

from headrace.shards.base.recipe import make
from headrace.trainers.optimizers import OptimizerRecipe, build_optimizer, parameter_groups, set_learning_rate
from headrace.trainers.recipe import BackboneRecipe
from headrace.trainers.registries import PRETEXTS


def tiny(name):
    kind = PRETEXTS.load(name)
    example = kind.examples[0]
    return make(kind, example.parameters, Path()).objective(BackboneRecipe(**example.backbone))


@pytest.fixture
def groups(request):
    model = tiny(request.param)
    decaying, resting = parameter_groups(model, 0.1)
    return model, dict(decaying["params"]), dict(resting["params"])


@pytest.mark.parametrize("groups", ["mae", "mlm"], indirect=True)
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


def test_positions_of_bert_are_learned_without_decay_and_those_of_mae_are_fixed():
    assert any("position_embeddings" in name for name, _ in parameter_groups(tiny("mlm"), 0.1)[1]["params"])
    assert not tiny("mae").backbone.embeddings.position_embeddings.requires_grad


def test_decay_shrinks_matrices_only():
    model = torch.nn.Linear(3, 3)
    torch.nn.init.ones_(model.weight)
    torch.nn.init.ones_(model.bias)
    optimizer = build_optimizer(OptimizerRecipe(lr=0.5, weight_decay=0.1), model, batch_size=1)
    for each in model.parameters():
        each.grad = torch.zeros_like(each)
    optimizer.step()
    torch.testing.assert_close(model.weight.detach(), torch.full((3, 3), 0.95))
    assert torch.equal(model.bias.detach(), torch.ones(3))


def test_the_rate_scales_with_the_batch_where_asked():
    assert OptimizerRecipe(lr=1.5e-4, lr_batch=256).peak(4096) == pytest.approx(2.4e-3)
    assert OptimizerRecipe(lr=1e-4).peak(4096) == 1e-4


def test_every_group_gets_the_rate():
    optimizer = build_optimizer(OptimizerRecipe(), torch.nn.Linear(2, 2), 1)
    set_learning_rate(optimizer, 0.125)
    assert [group["lr"] for group in optimizer.param_groups] == [0.125, 0.125]
