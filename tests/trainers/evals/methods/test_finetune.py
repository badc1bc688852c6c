from collections import Counter

import numpy as np
import pytest
import torch

from headrace.shards.base.errors import PluginError
from headrace.trainers.evals.examination import Candidate, Examination
from headrace.trainers.evals.methods.finetune import Finetune, _places
from headrace.trainers.evals.results import UNTRAINED
from headrace.trainers.recipe import read_recipe
from headrace.trainers.runs import Run

QUICK = Finetune(least_steps=12, epochs=1, batch_size=8, lr=3e-3)
NETWORK = """
import torch
from dataclasses import dataclass
from torch import nn
from headrace.trainers.layers.batch_norm import grouped
from headrace.trainers.image_pretext import ImagePretext
from headrace.trainers.pretext.base import Loss, Objective
from headrace.trainers.samples.views import preset

@dataclass(frozen=True, kw_only=True)
class Normed(ImagePretext):
    recipes = {"small": {"backbone": {"type": "none"}, "batch_size": 8, "steps": 6}}
    views: tuple = preset("mae", size=8)
    tokens = 1
    network = {"image_size": 8, "num_channels": 1}
    stuck: bool = False

    def objective(self, backbone):
        return NormedObjective(self.stuck)

class NormedObjective(Objective):
    def __init__(self, stuck):
        super().__init__()
        self.stuck = stuck
        layers = [nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.BatchNorm2d(8), nn.ReLU()]
        self.backbone = grouped(nn.Sequential(*layers))

    def targets(self, batch): ...
    def loss(self, batch): ...

    def features(self, batch):
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.stuck):
            return self.backbone(batch["view"].flatten(0, 1).float() / 255).mean(3).flatten(1)
"""


def ignored(steps=1, note=""):
    """No bar."""


@pytest.fixture
def exam_of(recipe_of, tmp_path):
    def make(pretext, *overrides):
        return Examination(Run.of(read_recipe(recipe_of(pretext), overrides), tmp_path / "run"))

    return make


@pytest.fixture
def normed(exam_of, tmp_path):
    (tmp_path / "normed.py").write_text(NETWORK)

    def make(stuck):
        entry = f"pretext={{{tmp_path}/normed.py:Normed: {{channels: 1, stuck: {stuck}}}}}"
        exam = exam_of("mae", entry, "backbone={type: none}")
        return Candidate(exam, UNTRAINED, exam.pretext.objective(None))

    return make


@pytest.fixture
def candidate(exam_of):
    exam = exam_of("mae")
    return Candidate(exam, UNTRAINED, exam.pretext.objective(exam.recipe.model.backbone))


def sides(candidate):
    test = candidate.exam.records.test
    return np.flatnonzero(~test), np.flatnonzero(test)


@pytest.mark.parametrize("pretext", ["mae", "simclr", "mlm", "causal_lm"])
def test_an_easy_question_is_learned_by_every_kind_of_network(exam_of, pretext):
    exam = exam_of(pretext, "seed=1")
    network = exam.pretext.objective(exam.recipe.model.backbone)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    train, test = sides(Candidate(exam, UNTRAINED, network))
    found = Finetune(least_steps=40, batch_size=16, lr=3e-3).predict(
        Candidate(exam, UNTRAINED, network), train, test, ignored
    )
    assert (found == exam.records.labels[test]).mean() > 0.9
    assert all((before[name] == value).all() for name, value in network.state_dict().items())


def test_the_seed_decides_and_nothing_else(candidate):
    train, _ = sides(candidate)
    torch.manual_seed(5)
    first = QUICK.tuned(candidate, train, 1, ignored).state_dict()
    torch.manual_seed(6)
    again, other = (QUICK.tuned(candidate, train, seed, ignored).state_dict() for seed in (1, 2))
    assert all((first[name] == again[name]).all() for name in first)
    assert (first["head.weight"] != other["head.weight"]).any()


def test_labels_of_the_test_records_play_no_part(candidate):
    train, test = sides(candidate)
    first = QUICK.predict(candidate, train, test, ignored)
    candidate.exam.records.labels[test] = 0
    assert (QUICK.predict(candidate, train, test, ignored) == first).all()
    some = QUICK.predict(candidate, train, test[:3], ignored)
    assert (some == first[:3]).all()


def test_lower_layers_learn_less(candidate):
    train, _ = sides(candidate)
    before = candidate.objective.backbone.state_dict()
    two_steps = {"epochs": 1, "least_steps": 2, "batch_size": 33, "weight_decay": 0, "warmup": 0}
    # The head begins at zero, through which no gradient passes, so that the first step is the head's alone.
    tuned = [Finetune(**two_steps, layer_decay=decay).tuned(candidate, train, 1, ignored) for decay in (1.0, 0.01)]
    moved = [each.objective.backbone for each in tuned]
    names = ("layers.0.mlp.fc1.weight", "layers.1.mlp.fc1.weight")
    alike, decayed = ([(each.state_dict()[name] - before[name]).abs().max() for name in names] for each in moved)
    assert alike[0] > 0.5 * alike[1] > 0
    assert decayed[0] < 0.05 * decayed[1]


def test_an_epoch_shows_every_record_once():
    shown = [place for step in range(30) for place in _places(10, 7, step, seed=3)]
    assert Counter(shown) == dict.fromkeys([(lap, at) for lap in range(21) for at in range(10)], 1)
    assert [at for lap, at in shown if lap == 0] != [at for lap, at in shown if lap == 1]


def test_batchnorm_learns_by_the_batch_and_is_tested_by_moments_of_the_training_records(normed):
    candidate = normed(stuck=False)
    train, test = sides(candidate)
    found = Finetune(least_steps=40, batch_size=15, lr=1e-2).predict(candidate, train, test, ignored)
    assert (found == candidate.exam.records.labels[test]).mean() > 0.9
    assert all((each == 0).all() for name, each in candidate.objective.named_buffers() if name.endswith("mean"))


def test_what_is_tested_has_no_part_in_moments_or_in_the_heads_scale(normed, monkeypatch):
    candidate, seen = normed(stuck=False), []
    train, test = sides(candidate)
    tune = Finetune.tuned

    def watched(*args):
        tuned = tune(*args)
        np.testing.assert_array_equal(tuned.mean, candidate.features[train].mean(0))
        tuned.objective.backbone[1].register_forward_pre_hook(
            lambda norm, given: seen.append(norm.running_mean.clone())
        )
        return tuned

    monkeypatch.setattr(Finetune, "tuned", watched)
    at_the_test = []
    for some in (test[:3], test[3:]):
        QUICK.predict(candidate, train, some, ignored)
        at_the_test.append(seen[-1])
    assert torch.equal(*at_the_test)


def test_features_without_gradient_are_refused(normed):
    candidate = normed(stuck=True)
    with pytest.raises(PluginError, match="cannot be fine-tuned"):
        QUICK.predict(candidate, *sides(candidate), ignored)
