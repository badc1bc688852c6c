"""What every evaluation keeps to, each tried on a run that it fits: a new one is tried by being in the folder."""

import dataclasses
import json

import numpy as np
import pytest
import torch

from headrace.shards.base.errors import HeadraceError
from headrace.shards.base.parameters import parameters_of
from headrace.trainers.evals.base import (
    EVALUATIONS,
    Evaluation,
    FeatureEvaluation,
    LabelEvaluation,
    Labelled,
    LanguageEvaluation,
    NetworkEvaluation,
)
from headrace.trainers.evals.examination import Candidate, Examination
from headrace.trainers.evals.results import UNTRAINED, scores
from headrace.trainers.plugins import class_of
from headrace.trainers.recipe import read_recipe
from headrace.trainers.runs import Run

NAMES = EVALUATIONS.names()
QUICK = {"finetune": {"epochs": 1, "least_steps": 3}}
"""Parameters that a test should not wait for."""
ITEMS = [{"context": "the cat", "choices": ["purrs", "barks"], "answer": number % 2} for number in range(6)]


@pytest.fixture
def parameters(tmp_path):
    """Those that an evaluation needs, or that make it quick."""

    def of(name):
        path = tmp_path / "items.jsonl"
        path.write_text("".join(json.dumps(item) + "\n" for item in ITEMS))
        needed = [each.name for each in parameters_of(kind(name)) if each.default == "required"]
        assert set(needed) <= {"file"}
        return {**QUICK.get(name, {}), **dict.fromkeys(needed, str(path))}

    return of


@pytest.fixture
def exam_of(recipe_of, tmp_path, parameters):
    def make(name, pretext=None):
        pretext = pretext or ("causal_lm" if issubclass(kind(name), LanguageEvaluation) else "mae")
        path = recipe_of(pretext, evals=[{name: parameters(name)}])
        run = Run.of(read_recipe(path), tmp_path / "run")
        exam = Examination(run)
        exam.check()
        (method,) = exam.recipe.evals.values()
        return exam, method, run.untrained()

    return make


def kind(name):
    return class_of(EVALUATIONS, name, Evaluation)


def same(one, other):
    return all(
        each.metric == again.metric and (each.totals == again.totals).all() and (each.groups == again.groups).all()
        for each, again in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("name", NAMES)
def test_is_a_frozen_dataclass_of_one_family_whose_parameters_have_a_meaning(name):
    made = kind(name)
    assert sum(issubclass(made, each) for each in (FeatureEvaluation, NetworkEvaluation, LanguageEvaluation)) == 1
    assert dataclasses.is_dataclass(made)
    assert made.__dataclass_params__.frozen
    assert all(each.meaning for each in parameters_of(made))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_measured_is_finite_and_counts_every_item(exam_of, name):
    exam, method, network = exam_of(name)
    found = method.judge(Candidate(exam, UNTRAINED, network))
    assert len({each.metric.name for each in found}) == len(found) > 0
    others = [each for measured in method.beside(exam).values() for each in measured]
    assert {each.metric for each in others} <= {each.metric for each in found}
    for each in (*found, *others):
        assert each.totals.shape[1:] == each.weights.shape == each.groups.shape
        assert np.isfinite(each.totals).all()
        assert (each.weights > 0).all()
        low, high = each.interval
        assert low <= each.value <= high


@pytest.mark.parametrize("name", NAMES)
def test_a_network_is_left_as_it_was_and_found_the_same_again(exam_of, name):
    exam, method, network = exam_of(name)
    network.train()
    kept = {key: value.clone() for key, value in network.state_dict().items()}
    learns = [each.requires_grad for each in network.parameters()]
    torch.manual_seed(1)
    first = method.judge(Candidate(exam, UNTRAINED, network))
    torch.manual_seed(2)
    assert same(first, method.judge(Candidate(exam, UNTRAINED, network)))
    assert all((kept[key] == value).all() for key, value in network.state_dict().items())
    assert learns == [each.requires_grad for each in network.parameters()]
    assert all(part.training for part in network.modules())
    assert all(each.grad is None for each in network.parameters())


@pytest.mark.parametrize("name", NAMES)
def test_the_sets_that_are_tested_on_are_told(exam_of, name):
    exam, method, _ = exam_of(name)
    sets = method.test_sets(exam)
    assert sets
    assert [each.test_set for each in exam.coverages] == [each.name for each in sets]


@pytest.mark.parametrize("name", NAMES)
def test_results_have_a_score_beside_the_untrained_networks(exam_of, name):
    exam, _, network = exam_of(name)
    found = scores([*exam.results("one", network), *exam.results(UNTRAINED, network), *exam.beside()])
    for each in found:
        if each.subject == "one":
            assert each.over_untrained.difference == 0
            assert each.over_untrained.interval == (0, 0)
    assert {each.subject for each in found} > {"one", UNTRAINED}


@pytest.mark.parametrize("name", [name for name in NAMES if issubclass(kind(name), LabelEvaluation)])
def test_labels_of_test_records_play_no_part_in_what_is_found(exam_of, name):
    exam, method, network = exam_of(name)
    test = np.flatnonzero(exam.records.test)

    def predicted():
        candidate = Candidate(exam, UNTRAINED, network)
        if isinstance(method, NetworkEvaluation):
            return method.predict(candidate, exam.draws[0], test, lambda steps=1, note="": None)
        known = Labelled(candidate.features, exam.records.labels, exam.records.groups)
        return method.predict(known.rows(exam.draws[0]), known.features[test])

    first = predicted()
    assert first.shape == test.shape
    exam.records.labels[test] = 1 - exam.records.labels[test]
    assert (predicted() == first).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_run_that_does_not_fit_is_refused_before_anything_is_computed(recipe_of, tmp_path, parameters, name):
    entry = [{name: parameters(name)}]
    unfit = recipe_of("mae", evals=entry, **({} if issubclass(kind(name), LanguageEvaluation) else {"probe": None}))
    with pytest.raises(HeadraceError):
        Examination(Run.of(read_recipe(unfit), tmp_path / "run")).check()
