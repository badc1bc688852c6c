import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from headrace.shards.base.errors import InputError, RecipeError
from headrace.shards.base.report import read_fragments
from headrace.trainers.evals.features import network_features
from headrace.trainers.evals.labels import labelled_records
from headrace.trainers.evaluate import all_features, evaluate
from headrace.trainers.loop import train
from headrace.trainers.recipe import read_recipe
from headrace.trainers.runs import Run


@pytest.mark.parametrize(("pretext", "raw"), [("mae", "pixels"), ("mlm", "TF-IDF of words")])
def test_trained_beside_untrained_beside_raw(recipe_of, tmp_path, pretext, raw):
    train(read_recipe(recipe_of(pretext)), tmp_path / "run")
    results = evaluate(Run.open(tmp_path / "run"))
    names = ["trained, 6 steps", "untrained", raw]
    expected = [(name, method) for name in names for method in ("knn k=5", "linear_probe grid=[0.1, 1.0]")]
    assert [(each.features, each.evaluation) for each in results] == [*expected, ("none", "commonest class")]
    assert all(each.right.all() for each in results if each.features == raw)  # it is that easy
    written = json.loads((tmp_path / "run" / "evals.json").read_text())
    assert [each["accuracy"] for each in written] == [each.accuracy for each in results]
    assert written[0]["over_untrained"]["difference"] == results[0].accuracy - results[2].accuracy
    assert written[2]["over_untrained"] is written[-1]["over_untrained"] is None
    (table,) = [each for path, each in read_fragments(tmp_path / "run") if path.stem.endswith("probes")]
    assert "has seen the test records" in table.note
    assert table.rows[0][2] == round(100 * results[0].accuracy, 1)


def test_the_untrained_network_is_the_one_before_the_first_step(recipe_of, tmp_path):
    train(read_recipe(recipe_of("mae"), ["optimizer.lr=1e-12"]), tmp_path / "run")
    trained, untrained = evaluate(Run.open(tmp_path / "run", ["evals=[knn]"]))[:2]
    assert (trained.right == untrained.right).all()


def test_the_trained_features_are_those_of_the_last_checkpoint(recipe_of, tmp_path):
    train(read_recipe(recipe_of("mae")), tmp_path / "run")
    run = Run.open(tmp_path / "run")
    records = labelled_records(run.recipe.model.probe, run.data)
    trained, untrained, _ = (features for _, features in all_features(run, records))
    network = run.untrained()
    network.load_state_dict(load_file(tmp_path / "run" / "checkpoints" / "step-00000006" / "model.safetensors"))
    for objective, found in ((network, trained), (run.untrained(), untrained)):
        expected = network_features(objective, run.pretext, records.records(), torch.device("cpu"), lambda steps: None)
        np.testing.assert_array_equal(found, expected)
    assert (trained != untrained).any()


def test_few_labels_drawn_several_times(recipe_of, tmp_path):
    train(read_recipe(recipe_of("mae")), tmp_path / "run")
    few = ["evals=[knn]", "probe.labels_per_class=2", "probe.draws=5"]
    results = evaluate(Run.open(tmp_path / "run", few))
    again = evaluate(Run.open(tmp_path / "run", few))
    assert [each.right.shape for each in results] == [(5, 15), (5, 15), (5, 15), (1, 15)]
    assert all((a.right == b.right).all() for a, b in zip(results, again, strict=True))
    (table,) = [each for path, each in read_fragments(tmp_path / "run") if path.stem.endswith("probes")]
    assert "learned from 2 of each class, drawn 5 times from 33 labelled ones" in table.note
    assert table.rows[0][2] == round(100 * results[0].right.mean(), 1)
    with pytest.raises(InputError, match="400 labelled records of each class cannot be drawn"):
        evaluate(Run.open(tmp_path / "run", ["probe.labels_per_class=400"]))


def test_what_cannot_be_evaluated(recipe_of, tmp_path):
    with pytest.raises(InputError, match="there is no run in"):
        Run.open(tmp_path)
    path = recipe_of("mae")
    run = Run.of(read_recipe(path), tmp_path / "none")
    with pytest.raises(InputError, match="holds no checkpoint"):
        evaluate(run)
    with pytest.raises(RecipeError, match="asks for no evaluation"):
        evaluate(Run.of(read_recipe(path, ["evals=[]"]), tmp_path / "none"))
