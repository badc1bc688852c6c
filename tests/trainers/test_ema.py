"""Averages against their closed form in float64, and where they are used."""

import copy

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard

from headrace.trainers.ema import Ema, EmaRecipe, follow
from headrace.trainers.evaluate import RESULTS, evaluate
from headrace.trainers.loop import train
from headrace.trainers.metrics import read_metrics
from headrace.trainers.recipe import read_recipe
from headrace.trainers.runs import Run
from headrace.trainers.schedules import between
from tests.trainers.ranks import on_ranks


def network(dtype=torch.float32):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4, dtype=dtype), nn.BatchNorm1d(4, dtype=dtype), nn.Linear(4, 2, dtype=dtype))


def moved(model, step):
    """Other parameters, the same for each step."""
    generator = torch.Generator().manual_seed(step)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.1)


def closed_form(history, momenta):
    """e_T = (prod of m_t) w_0 + sum over t of (1 - m_t) (prod of m_s over s > t) w_t, in float64."""
    weights = [np.prod(momenta), *((1 - m) * np.prod(momenta[t + 1 :]) for t, m in enumerate(momenta))]
    return sum(weight * values.astype(np.float64) for weight, values in zip(weights, history, strict=True))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("recipe", [EmaRecipe(decay=0.9), EmaRecipe(decay=0.9, warmup=False), EmaRecipe(decay=0)])
def test_the_average_is_its_closed_form(recipe, dtype):
    model = network(dtype)
    model[2].bias.requires_grad_(False)
    ema = Ema(model, recipe)
    history = [model[0].weight.detach().float().numpy().copy()]
    for step in range(20):
        moved(model, step)
        ema.update(step)
        history.append(model[0].weight.detach().float().numpy().copy())
    expected = closed_form(history, [recipe.momentum(step) for step in range(20)])
    # In fp32 whatever the parameters are: 20 roundings, each of at most half a unit in the last place.
    assert ema.average["0.weight"].dtype == torch.float32
    np.testing.assert_allclose(ema.average["0.weight"].numpy(), expected, rtol=20 * 2**-24, atol=20 * 2**-24)
    assert ema.average.keys() == {name for name, each in model.named_parameters() if each.requires_grad}


def test_the_warm_up_is_that_of_tensorflow_and_ends():
    recipe = EmaRecipe(decay=0.99)
    assert [recipe.momentum(step) for step in (0, 1, 80)] == [0.1, 2 / 11, 0.9]
    assert recipe.momentum(10_000) == 0.99
    assert EmaRecipe(decay=0.99, warmup=False).momentum(0) == 0.99


def test_in_use_the_parameters_are_the_averages_and_afterwards_as_before():
    model = network()
    ema = Ema(model, EmaRecipe(decay=0.5))
    moved(model, 0)
    ema.update(0)
    trained = {name: each.clone() for name, each in model.state_dict().items()}
    with pytest.raises(ZeroDivisionError), ema.in_use():  # noqa: PT012
        assert all(torch.equal(each, ema.average[name]) for name, each in model.named_parameters())
        assert torch.equal(model[1].running_mean, trained["1.running_mean"])
        raise ZeroDivisionError
    assert all(torch.equal(each, trained[name]) for name, each in model.state_dict().items())
    assert not torch.equal(model[0].weight, ema.average["0.weight"])


def test_a_teacher_follows_parameters_and_keeps_its_own_statistics():
    student, teacher = network(), network().requires_grad_(False)
    moved(student, 0)
    student[1].running_mean.add_(1)
    before = teacher[0].weight.clone()
    follow(teacher, student, 0.75)
    torch.testing.assert_close(teacher[0].weight, 0.75 * before + 0.25 * student[0].weight)
    assert not teacher[1].running_mean.any()
    at = teacher[0].weight.clone()
    follow(teacher, student, 1)
    assert torch.equal(teacher[0].weight, at)
    follow(teacher, student, 0)
    assert torch.equal(teacher[0].weight, student[0].weight)
    with pytest.raises(AssertionError, match="copy of its student"):
        follow(nn.Linear(2, 2), student, 0.5)


def test_shards_are_averaged_as_the_whole_is():
    rows = torch.linspace(-1, 1, 12).reshape(4, 3)

    def task(world):
        whole, mesh = network(), init_device_mesh("cpu", (2,))
        expected = Ema(whole, EmaRecipe(decay=0.9))
        sharded = fully_shard(network(), mesh=mesh, reshard_after_forward=False).eval()
        ema = Ema(sharded, EmaRecipe(decay=0.9))
        for step in range(3):
            moved(whole, step)
            with torch.no_grad():
                for mine, other in zip(sharded.parameters(), whole.parameters(), strict=True):
                    mine.to_local().copy_(other.chunk(2)[world.rank])
            expected.update(step)
            ema.update(step)
        for name, each in ema.average.items():
            assert torch.equal(each.full_tensor(), expected.average[name])
        outputs = []
        with torch.no_grad():
            outputs.append(sharded(rows))
            with ema.in_use():
                outputs.append(sharded(rows))
            outputs.append(sharded(rows))
            plain = whole.eval()(rows)
            with expected.in_use():
                averaged = whole(rows)
        # FSDP may not go on with what it had gathered before the parameters changed.
        return [torch.equal(*pair) for pair in zip(outputs, (plain, averaged, plain), strict=True)], plain.equal(
            averaged
        )

    assert on_ranks(2, task) == [([True, True, True], False)] * 2


class Distilled(nn.Module):
    """A student, and a teacher that follows it, as in BYOL."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.student = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
        self.teacher = copy.deepcopy(self.student).requires_grad_(False)

    def forward(self, rows):
        return (self.student(rows) - self.teacher(rows.flip(0)) - 1).square().mean()


@pytest.mark.parametrize("units", ["whole", "blocks"])
def test_a_teacher_that_is_sharded_follows_as_the_whole_does(units):
    rows = torch.linspace(-1, 1, 12).reshape(4, 3)

    def losses(model):
        optimizer, found = torch.optim.SGD(model.student.parameters(), lr=0.3), []
        for step in range(4):
            loss = model(rows)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            follow(model.teacher, model.student, between(0.5, 1, step / 4))
            found.append(loss.item())
        return found

    def task(world):
        model, mesh = Distilled(), init_device_mesh("cpu", (2,))
        for block in (*model.student, *model.teacher) if units == "blocks" else ():
            fully_shard(block, mesh=mesh)
        return losses(fully_shard(model, mesh=mesh))

    expected = losses(Distilled())
    for found in on_ranks(2, task):
        assert found == pytest.approx(expected, rel=1e-6)


def test_a_run_with_averages_exports_and_evaluates_them(recipe_of, tmp_path):
    path = recipe_of("mae", ema={"decay": 0.5})
    train(read_recipe(path), tmp_path / "run")
    stored = load_file(tmp_path / "run/checkpoints/step-00000006/rank-00000.safetensors")
    (name,) = (each.removeprefix("ema/") for each in stored if each.startswith("ema/") and "layernorm.weight" in each)
    exported = load_file(tmp_path / "run/export/model.safetensors")
    assert torch.equal(exported[name.removeprefix("backbone.")], stored[f"ema/{name}"])
    assert not torch.equal(stored[f"model/{name}"], stored[f"ema/{name}"])
    evaluate(Run.open(tmp_path / "run"))
    assert "trained (EMA), 6 steps" in (tmp_path / "run" / RESULTS).read_text()


def test_averages_change_nothing_of_the_training(recipe_of, tmp_path):
    train(read_recipe(recipe_of("mae")), tmp_path / "without")
    train(read_recipe(recipe_of("mae"), ["ema.decay=0.5"]), tmp_path / "with")
    without, averaged = (read_metrics(tmp_path / folder) for folder in ("without", "with"))
    assert [line["loss"] for line in without] == [line["loss"] for line in averaged]
