"""The numbers of the papers' recipes, as they arrive at the training: rates for the whole batch, epochs as steps."""

from operator import attrgetter

import pytest
import yaml

from headrace.trainers.recipe import read_recipe

IMAGENET, CIFAR = 1_281_167, 50_000
MLM = {
    "pretext.length": 128,
    "pretext.share": 0.15,
    "pretext.cap": 20,
    "pretext.masked": 0.8,
    "pretext.random": 0.1,
    "model.optimizer.betas": (0.9, 0.999),
    "model.optimizer.eps": 1e-6,
    "model.optimizer.weight_decay": 0.01,
    "model.optimizer.clip": 1.0,
    "model.schedule.name": "linear",
    "model.schedule.warmup": 10_000,
    "model.batch_size": 256,
    "model.steps": 1_000_000,
}
CAUSAL_LM = {
    "pretext.length": 1024,
    "model.optimizer.betas": (0.9, 0.95),
    "model.optimizer.weight_decay": 0.1,
    "model.optimizer.clip": 1.0,
    "model.schedule.name": "cosine",
    "model.schedule.warmup": 2_000,
    "model.schedule.floor": 0.1,
    "model.batch_size": 480,
}
SIMCLR = {
    "pretext.layers": 3,
    "pretext.out": 128,
    "pretext.hidden": None,
    "pretext.mean": (),
    "model.optimizer.name": "lars",
    "model.optimizer.trust": 1e-3,
    "model.optimizer.momentum": 0.9,
    "model.optimizer.weight_decay": 1e-4,
    "model.schedule.name": "cosine",
    "model.schedule.floor": 0.0,
    "model.norm_group": None,
}
MAE = {
    "pretext.patch": 16,
    "pretext.masked": 0.75,
    "pretext.decoder_width": 512,
    "pretext.decoder_depth": 8,
    "pretext.decoder_heads": 16,
    "model.optimizer.betas": (0.9, 0.95),
    "model.optimizer.weight_decay": 0.05,
    "model.schedule.name": "cosine",
    "model.schedule.floor": 0.0,
}


@pytest.fixture
def recipe(tmp_path):
    def read(pretext, preset):
        path = tmp_path / "recipe.yaml"
        path.write_text(yaml.safe_dump({"pretext": pretext, "preset": preset, "data": {"url": "data"}}))
        return read_recipe(path)

    return read


@pytest.mark.parametrize(
    ("pretext", "preset", "peak", "numbers"),
    [
        ("mlm", "paper", 1e-4, MLM),
        ("causal_lm", "paper", 6e-4, CAUSAL_LM),
        ("simclr", "paper", 4.8, {**SIMCLR, "pretext.temperature": 0.1, "model.batch_size": 4096}),
        ("simclr", "cifar", 2.0, {**SIMCLR, "pretext.temperature": 0.5, "model.batch_size": 512}),
        ("mae", "paper", 2.4e-3, {**MAE, "model.batch_size": 4096}),
    ],
)
def test_they_are_the_originals(recipe, pretext, preset, peak, numbers):
    found = recipe(pretext, preset)
    assert found.model.optimizer.peak(found.model.batch_size) == pytest.approx(peak)
    assert {name: attrgetter(name)(found) for name in numbers} == numbers


@pytest.mark.parametrize(
    ("pretext", "preset", "pictures", "epochs", "warmup"),
    [
        ("simclr", "paper", IMAGENET, 1000, 10),
        ("simclr", "cifar", CIFAR, 1000, 10),
        ("mae", "paper", IMAGENET, 800, 40),
    ],
)
def test_epochs_are_counted_as_steps(recipe, pretext, preset, pictures, epochs, warmup):
    model = recipe(pretext, preset).model
    of_an_epoch = pictures / model.batch_size
    assert model.steps == pytest.approx(epochs * of_an_epoch, abs=1)
    assert model.schedule.warmup == pytest.approx(warmup * of_an_epoch, abs=1)
