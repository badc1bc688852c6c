"""Real runs that collapse, because a user's pretext lacks its negatives; and runs of ours, which do not."""

import json

import pytest
import yaml

from headrace.trainers.loop import train
from headrace.trainers.metrics import read_metrics
from headrace.trainers.recipe import read_recipe

ATTRACTED = '''
"""SimCLR without negatives: views of a picture are drawn together, and nothing keeps pictures apart."""
from dataclasses import dataclass

from torch import nn
from torch.nn import functional as F

from headrace.trainers.backbones import hidden_width, image_encoder
from headrace.trainers.losses.nt_xent import ANCHORS
from headrace.trainers.pretext.base import Loss
from headrace.trainers.pretext.simclr import Simclr, SimclrObjective


class AttractedObjective(SimclrObjective):
    def couple(self, embeddings, rows):
        views = F.normalize(embeddings[rows], dim=-1)
        apart = (views[:, 0] - views[:, 1]).square().sum()
        return Loss({ANCHORS: apart}, representations=embeddings[rows].detach())


class PlainHead(AttractedObjective):
    def __init__(self, pretext, backbone):
        super().__init__(pretext, backbone)
        width = hidden_width(backbone)
        self.head = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, pretext.out))


@dataclass(frozen=True, kw_only=True)
class Attracted(Simclr):
    def objective(self, backbone):
        return AttractedObjective(self, image_encoder(backbone, self.network))


@dataclass(frozen=True, kw_only=True)
class WithoutNorm(Simclr):
    def objective(self, backbone):
        return PlainHead(self, image_encoder(backbone, self.network))
'''
RECIPE = {
    "backbone": {"type": "cifar_resnet", "embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]},
    "optimizer": {"name": "adamw", "lr": 1e-2},
    "schedule": {"name": "constant", "warmup": 5},
    "batch_size": 48,
    "steps": 60,
    "watch_every": 10,
    "log_every": 60,
    "device": "cpu",
}
PARAMETERS = {"views": {"preset": "simclr_cifar", "size": 10}, "channels": 1, "out": 64}


@pytest.fixture
def trained(tmp_path, images):
    """A function that trains a pretext of the user's file, or one of ours; its lines and what was said in the end."""

    def run(name):
        (tmp_path / "attracted.py").write_text(ATTRACTED)
        path, folder = tmp_path / "recipe.yaml", tmp_path / "run"
        recipe = {**RECIPE, "pretext": {name: PARAMETERS}, "data": {"url": images, "workers": 0}}
        path.write_text(yaml.safe_dump(recipe))
        train(read_recipe(path), folder)
        (verdict,) = (folder / "report").glob("*verdict.json")
        return [line for line in read_metrics(folder) if "collapsed" in line], json.loads(verdict.read_text())["text"]

    return run


def test_without_negatives_all_pictures_become_the_same(trained):
    lines, verdict = trained("attracted.py:WithoutNorm")
    assert verdict.startswith("complete collapse"), verdict
    assert lines[-1]["feature_std"] < 0.01 < lines[0]["feature_std"]


def test_where_a_norm_keeps_their_variance_they_differ_in_one_direction(trained):
    lines, verdict = trained("attracted.py:Attracted")
    assert verdict.startswith("dimensional collapse"), verdict
    assert lines[-1]["feature_std"] > 0.5


def test_with_negatives_it_is_healthy(trained):
    lines, verdict = trained("simclr")
    assert verdict.startswith("healthy"), verdict
    assert not any(line["collapsed"] for line in lines)


@pytest.mark.parametrize("pretext", ["mae", "mlm", "causal_lm"])
def test_those_that_predict_are_healthy_from_the_first_step_on(recipe_of, tmp_path, pretext):
    overrides = ["steps=60", "batch_size=16", "watch_every=10", "data.workers=0", "optimizer.lr=3e-3", "log_every=60"]
    train(read_recipe(recipe_of(pretext), [*overrides, "checkpoint_every=60"]), tmp_path / "run")
    lines = [line for line in read_metrics(tmp_path / "run") if "collapsed" in line]
    assert [line["collapsed"] for line in lines] == [0] * 6
