import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from headrace.shards.base.errors import InputError, RecipeError
from headrace.shards.base.report import read_fragments
from headrace.shards.report.page import compose
from headrace.trainers.console import run_eval
from headrace.trainers.evals.examination import Candidate, Examination
from headrace.trainers.evals.features import network_features
from headrace.trainers.evals.results import UNTRAINED
from headrace.trainers.evaluate import evaluate
from headrace.trainers.loop import train
from headrace.trainers.recipe import read_recipe
from headrace.trainers.runs import Run


def probes(folder):
    (table,) = [each for path, each in read_fragments(folder) if path.stem.endswith("probes")]
    return table


@pytest.mark.parametrize(("pretext", "raw"), [("mae", "pixels"), ("simclr", "pixels"), ("mlm", "TF-IDF of words")])
def test_trained_beside_untrained_beside_raw(recipe_of, tmp_path, pretext, raw):
    train(read_recipe(recipe_of(pretext)), tmp_path / "run")
    found = evaluate(Run.open(tmp_path / "run")).scores
    names = ["trained, 6 steps", UNTRAINED, raw]
    expected = [(name, method) for method in ("knn k=5", "linear_probe grid=[0.1, 1.0]") for name in names]
    assert [(each.subject, each.evaluation) for each in found] == [*expected, ("none", "commonest class")]
    assert all(each.value == 1 for each in found if each.subject == raw)  # it is that easy
    written = json.loads((tmp_path / "run" / "evals.json").read_text())
    assert written["step"] == 6
    assert [each["value"] for each in written["scores"]] == [each.value for each in found]
    over = written["scores"][0]["over_untrained"]["difference"]
    assert over == pytest.approx(found[0].value - found[1].value)
    assert written["scores"][1]["over_untrained"] is written["scores"][-1]["over_untrained"] is None
    table = probes(tmp_path / "run")
    assert "has seen the test records" in table.note
    assert table.rows[0][2] == round(100 * found[0].value, 1)


def test_the_untrained_network_is_the_one_before_the_first_step(recipe_of, tmp_path):
    train(read_recipe(recipe_of("mae"), ["optimizer.lr=1e-12"]), tmp_path / "run")
    trained, untrained = evaluate(Run.open(tmp_path / "run", ["evals=[knn]"])).scores[:2]
    assert trained.over_untrained.interval == (0, 0)
    assert trained.value == untrained.value


def test_any_checkpoint_can_be_evaluated(recipe_of, tmp_path):
    train(read_recipe(recipe_of("mae", keep=3)), tmp_path / "run")
    assert evaluate(Run.open(tmp_path / "run", ["evals=[knn]"]), "4").step == 4
    with pytest.raises(InputError, match="no checkpoint 'best'"):
        evaluate(Run.open(tmp_path / "run"), "best")


def test_the_trained_features_are_those_of_the_last_checkpoint(recipe_of, tmp_path):
    train(read_recipe(recipe_of("mae")), tmp_path / "run")
    run = Run.open(tmp_path / "run")
    exam, trained, network = Examination(run), run.untrained(), run.untrained()
    run.checkpoints.restore_model(trained)
    stored = load_file(tmp_path / "run" / "checkpoints" / "step-00000006" / "rank-00000.safetensors")
    network.load_state_dict(
        {name.removeprefix("model/"): each for name, each in stored.items() if name.startswith("model/")}
    )
    found = [Candidate(exam, "any", each).features for each in (trained, run.untrained())]
    for objective, features in zip((network, run.untrained()), found, strict=True):
        records = exam.records.records()
        expected = network_features(objective, run.pretext, records, torch.device("cpu"), lambda steps: None)
        np.testing.assert_array_equal(features, expected)
    assert (found[0] != found[1]).any()


def test_a_network_in_training_is_left_as_it_was(recipe_of, tmp_path):
    run = Run.of(read_recipe(recipe_of("mae")), tmp_path)
    objective = run.untrained().train()
    objective.decoder.eval()
    before = {name: value.clone() for name, value in objective.state_dict().items()}
    first = Examination(run).results("in training", objective)
    assert objective.training
    assert objective.backbone.training
    assert not objective.decoder.training
    assert all((before[name] == value).all() for name, value in objective.state_dict().items())
    again = Examination(run).results("in training", objective)
    assert all((a.measured.totals == b.measured.totals).all() for a, b in zip(first, again, strict=True))


def test_few_labels_drawn_several_times(recipe_of, tmp_path):
    train(read_recipe(recipe_of("mae")), tmp_path / "run")
    few = ["evals=[knn]", "probe.labels_per_class=2", "probe.draws=5"]
    found = evaluate(Run.open(tmp_path / "run", few))
    again = evaluate(Run.open(tmp_path / "run", few))
    assert [(each.draws, each.items) for each in found.scores] == [(5, 15), (5, 15), (5, 15), (1, 15)]
    assert found == again
    table = probes(tmp_path / "run")
    assert "learned from 2 of each class, drawn 5 times from 33 labelled ones" in table.note
    assert table.rows[0][2] == round(100 * found.scores[0].value, 1)
    with pytest.raises(InputError, match="400 labelled records of each class cannot be drawn"):
        evaluate(Run.open(tmp_path / "run", ["probe.labels_per_class=400"]))


def test_other_shards_that_no_certificate_covers_are_warned_of_in_red(recipe_of, tmp_path, images, capsys):
    train(read_recipe(recipe_of("mae", probe={"label": {"field": "label"}, "test_url": images})), tmp_path / "run")
    run_eval(tmp_path / "run", ["evals=[knn]"])
    (test_set,) = json.loads((tmp_path / "run" / "evals.json").read_text())["test_sets"]
    assert (test_set["test_set"], test_set["verdict"]) == (images, "not covered")
    assert probes(tmp_path / "run").warning == test_set["warning"]
    assert f"warning: {test_set['warning']}" in capsys.readouterr().out
    page = tmp_path / "report.html"
    compose([tmp_path / "run"], page)
    assert 'class="warning">Not known to be absent' in page.read_text()


def test_what_cannot_be_evaluated(recipe_of, tmp_path):
    with pytest.raises(InputError, match="there is no run in"):
        Run.open(tmp_path)
    path = recipe_of("mae")
    run = Run.of(read_recipe(path), tmp_path / "none")
    with pytest.raises(InputError, match="holds no checkpoint"):
        evaluate(run)
    with pytest.raises(RecipeError, match="asks for no evaluation"):
        evaluate(Run.of(read_recipe(path, ["evals=[]"]), tmp_path / "none"))
    with pytest.raises(RecipeError, match="does not say where labels are"):
        evaluate(Run.of(read_recipe(path, ["probe=null"]), tmp_path / "none"))
