"""A network with BatchNorm is validated by what it is now, and not by what its running statistics remember."""

import importlib.util
from pathlib import Path

import pytest
import torch

from headrace.trainers.distributed import ALONE
from headrace.trainers.loop import train
from headrace.trainers.metrics import read_metrics
from headrace.trainers.recipe import read_recipe
from headrace.trainers.runs import Run
from headrace.trainers.state import start
from headrace.trainers.watch.calibration import calibrated
from headrace.trainers.watch.validation import Validation

_spec = importlib.util.spec_from_file_location("ranks", Path(__file__).parents[1] / "ranks.py")
ranks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(ranks)


@pytest.fixture
def recipe(recipe_of, images):
    path = recipe_of("simclr", validation={"url": images, "every": 1, "batch_size": 16})
    return read_recipe(path, ["watch_every=null", "steps=2", "evals=[]"])


def validated(run, world):
    """What is found of the untrained network, and its state afterwards."""
    state = start(run, world)
    state.objective.world = world
    before = {name: value.clone() for name, value in state.objective.state_dict().items()}
    found = calibrated(Validation(run, run.recipe.model.validation, world, state.objective), run, state)(
        lambda words: None
    )
    after = state.objective.state_dict()
    assert all(torch.equal(before[name], value) for name, value in after.items())
    return found


def test_views_of_several_pictures_differ_from_the_first_step_on(recipe, tmp_path):
    train(recipe, tmp_path / "run")
    lines = read_metrics(tmp_path / "run")
    assert [line["step"] for line in lines] == [0, 1, 2]
    # By a mean of 0 and a variance of 1 all of them would be nearly one point, with a similarity above 0.99.
    assert all(line["val_negative_similarity"] < 0.6 for line in lines)


def test_any_number_of_processes_finds_the_same_and_leaves_the_network_as_it_was(recipe, tmp_path):
    run = Run.of(recipe, tmp_path / "run")
    alone = validated(run, ALONE)
    for found in ranks.on_ranks(2, lambda world: validated(run, world)):
        assert found == pytest.approx(alone, rel=1e-4)
