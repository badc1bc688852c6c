"""Each algorithm beside torch's own, or beside a slow reference in float64; and through a checkpoint."""

import numpy as np
import pytest
import torch

from headrace.trainers.checkpoint import Checkpoints, Contents, saving
from headrace.trainers.distributed import ALONE
from headrace.trainers.optimizers import AdamwRecipe, LarsRecipe, SgdRecipe
from headrace.trainers.optimizers.groups import set_rates
from headrace.trainers.precision import LossScale

RATES = [0.1, 0.5, 1.0, 0.8, 0.3, 0.05]


def network(seed=0):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(5, 4), torch.nn.LayerNorm(4), torch.nn.Linear(4, 3))


def loss(model, step):
    torch.manual_seed(100 + step)
    return (model(torch.randn(7, 5)) - torch.randn(7, 3)).square().mean()


def trained(model, optimizer, steps, rate):
    for step in steps:
        optimizer.zero_grad()
        loss(model, step).backward()
        rate(optimizer, RATES[step])
        optimizer.step()
    return model


def ours(recipe, model, steps=range(6)):
    return trained(model, recipe.build(model, 1), steps, lambda opt, rate: set_rates(opt, rate, recipe.weight_decay))


@pytest.mark.parametrize(
    ("recipe", "theirs"),
    [
        (
            AdamwRecipe(weight_decay=0.3, betas=(0.8, 0.95)),
            lambda p: torch.optim.AdamW(p, betas=(0.8, 0.95), fused=True),
        ),
        (SgdRecipe(weight_decay=0.3), lambda p: torch.optim.SGD(p, momentum=0.9)),
        (SgdRecipe(weight_decay=0.3, nesterov=True), lambda p: torch.optim.SGD(p, momentum=0.9, nesterov=True)),
        (SgdRecipe(momentum=0), torch.optim.SGD),
    ],
)
def test_as_torch_computes_it(recipe, theirs):
    model, twin = network(), network()
    matrices = [each for each in twin.parameters() if each.ndim == 2]
    others = [each for each in twin.parameters() if each.ndim < 2]
    groups = [{"params": matrices, "weight_decay": recipe.weight_decay}, {"params": others, "weight_decay": 0.0}]

    def rate(optimizer, value):
        for group in optimizer.param_groups:
            group["lr"] = value

    trained(twin, theirs(groups), range(6), rate)
    for one, other in zip(ours(recipe, model).parameters(), twin.parameters(), strict=True):
        assert torch.equal(one, other)


def reference(model, recipe):
    """LARS number by number in float64, as the module's formula has it."""
    weights = {name: each.detach().double().numpy().copy() for name, each in model.named_parameters()}
    velocities = {name: np.zeros_like(each) for name, each in weights.items()}
    for step, rate in enumerate(RATES):
        double = network().double()
        double.load_state_dict({name: torch.from_numpy(each) for name, each in weights.items()})
        torch.manual_seed(100 + step)
        inputs, wanted = torch.randn(7, 5), torch.randn(7, 3)
        (double(inputs.double()) - wanted.double()).square().mean().backward()
        for name, each in double.named_parameters():
            w, u = weights[name], each.grad.numpy()
            if w.ndim == 2:
                u = u + recipe.weight_decay * w
                size, norm = np.sqrt((w * w).sum()), np.sqrt((u * u).sum())
                u = u * (recipe.trust * size / norm if size > 0 and norm > 0 else 1.0)
            velocities[name] = recipe.momentum * velocities[name] + u
            weights[name] = w - rate * velocities[name]
    return weights


@pytest.mark.parametrize("weight_decay", [0.0, 0.2])
def test_lars_beside_a_slow_reference(weight_decay):
    recipe, model = LarsRecipe(weight_decay=weight_decay, trust=0.05), network()
    expected = reference(model, recipe)
    # Matrices are adapted whether they decay or not.
    for name, each in ours(recipe, model).named_parameters():
        np.testing.assert_allclose(each.detach().numpy(), expected[name], rtol=2e-5, atol=1e-7, err_msg=name)


def test_the_first_step_of_lars_is_the_trusted_share_of_the_norm():
    model = network()
    before = model[0].weight.detach().clone()
    ours(LarsRecipe(trust=0.01), model, range(1))
    moved = (model[0].weight.detach() - before).norm() / before.norm()
    assert moved.item() == pytest.approx(RATES[0] * 0.01, rel=1e-4)


@pytest.mark.parametrize("of_zeros", ["weight", "grad"])
def test_lars_where_a_norm_is_zero(of_zeros):
    model = torch.nn.Linear(3, 3, bias=False)
    model.weight.grad = torch.ones(3, 3)
    with torch.no_grad():
        (model.weight if of_zeros == "weight" else model.weight.grad).zero_()
    before = model.weight.detach().clone()
    LarsRecipe(lr=0.5, weight_decay=0.0).build(model, 1).step()
    assert torch.equal(model.weight.detach(), before - 0.5 * model.weight.grad)


def test_lars_leaves_what_has_no_gradient():
    model = torch.nn.Linear(3, 3)
    before = model.weight.detach().clone()
    optimizer = LarsRecipe(lr=0.5).build(model, 1)
    model.bias.grad = torch.ones(3)
    optimizer.step()
    assert torch.equal(model.weight.detach(), before)


RECIPES = [
    AdamwRecipe(),
    SgdRecipe(weight_decay=0.1),
    SgdRecipe(momentum=0),
    SgdRecipe(nesterov=True),
    LarsRecipe(weight_decay=0.1),
]


@pytest.mark.parametrize("recipe", RECIPES)
def test_what_a_checkpoint_restores_goes_on_bit_for_bit(recipe, tmp_path):
    def rate(optimizer, value):
        set_rates(optimizer, value, recipe.weight_decay)

    model, checkpoints = network(), Checkpoints(tmp_path, {}, keep=1)
    optimizer = recipe.build(model, 1)
    trained(model, optimizer, range(3), rate)
    with saving(checkpoints, ALONE) as saver:
        saver.save(3, Contents(model, optimizer, LossScale()), {})
    other = network(seed=9)
    restored = recipe.build(other, 1)
    assert checkpoints.restore(Contents(other, restored, LossScale())) == (3, {})
    trained(model, optimizer, range(3, 6), rate)
    trained(other, restored, range(3, 6), rate)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))
    assert not torch.equal(model[0].weight, network()[0].weight)
