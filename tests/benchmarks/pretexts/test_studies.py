"""All rows are recipes with the shards they need, and a row is trained once."""

import json
import shutil
import sys
import zipfile

import pytest

from benchmarks.pretexts import __main__ as command
from benchmarks.pretexts.studies import AUGMENTATIONS, STUDIES, Row
from benchmarks.pretexts.workshop import HERE, Workshop, spent
from headrace.shards.base.recipe import RecipeFile
from headrace.trainers.recipe import read_recipe

ROWS = [pytest.param(row, id=row.name) for rows in STUDIES.values() for row in rows]
DEMO = HERE.parents[1] / "examples" / "demo" / "data" / "fashion_mnist" / "fashion_mnist.zip"


@pytest.mark.parametrize("row", ROWS)
def test_a_row_is_a_recipe_and_has_its_data(row):
    model = read_recipe(HERE / "recipes" / f"{row.recipe}.yaml", row.overrides).model
    assert model.data.url == str(HERE / "shards" / row.data)
    assert model.probe.test_url == f"{model.data.url}-test"
    assert list(model.pretext) == [row.recipe.removesuffix("_fashion")]
    for name in (row.data, f"{row.data}-held", f"{row.data}-test"):
        assert RecipeFile(HERE / "data" / f"{name}.yaml").written["name"] == name.replace("-", "_")


def test_augmentations_differ_in_their_views_and_networks_alone():
    models = [read_recipe(HERE / "recipes" / "simclr.yaml", row.overrides).model for row in AUGMENTATIONS]
    rest = [model.model_dump(exclude={"pretext", "backbone"}) for model in models]
    assert all(each == rest[0] for each in rest)
    kinds = {(model.backbone.type, repr(model.pretext["simclr"]["views"])) for model in models}
    assert len(kinds) == len(models) == 6


@pytest.fixture
def work(tmp_path):
    """A corpus of grey pictures where those of CIFAR-10 would be."""
    (tmp_path / "corpus").mkdir()
    with zipfile.ZipFile(DEMO) as given, zipfile.ZipFile(tmp_path / "corpus" / "cifar10.zip", "w") as made:
        names = [name for name in given.namelist() if name.endswith(".png")][::25]
        for number, name in enumerate(names):
            half = "test" if number % 3 == 2 else "train"
            made.writestr(f"{half}/{number // 10 % 2}/{number:05d}.png", given.read(name))
    return tmp_path


@pytest.mark.slow
def test_a_table_is_made_and_its_runs_are_not_done_again(work, monkeypatch):
    changes = ["steps=2", "batch_size=16", "pretext.mae.patch=16", "evals=[knn]", "probe.labels_per_class=2"]
    words = ["pretexts", "--rows", "mae", "--seeds", "0", "1", "--date", "2026-11-23", "--set", *changes]
    places = ["--work", str(work / "work"), "--corpus", str(work / "corpus"), "--out", str(work / "out")]
    monkeypatch.setattr(sys, "argv", ["pretexts", *words, *places])
    command.main()
    data = json.loads((work / "out" / "pretexts_2026-11-23.json").read_text())
    assert [each["seed"] for each in data["runs"]] == [0, 1]
    assert len(data["findings"][0]["found"]["trained"]["values"]) == 2
    assert str(work) not in data["command"] + (work / "out" / "pretexts_2026-11-23.md").read_text()

    (run, other) = sorted((work / "work" / "runs").glob("mae-*/[01]"))
    assert [line["command"] for line in spent(run)] == ["train", "eval"]
    shutil.rmtree(other)
    command.main()
    assert [line["command"] for line in spent(run)] == ["train", "eval"]
    assert [line["command"] for line in spent(other)] == ["train", "eval"] * 2


@pytest.mark.slow
def test_another_recipe_is_another_run(work):
    row, other = Row("mae", "mae", "cifar10"), Row("mae", "mae", "cifar10", ("steps=7",))
    workshop = Workshop(work / "work", "held")
    workshop.furnish(work / "corpus")
    workshop.build("cifar10")
    assert workshop.run_folder(row, 3) == workshop.run_folder(row, 3)
    assert workshop.run_folder(row, 3).parent == workshop.run_folder(row, 4).parent
    assert workshop.run_folder(row, 3) != workshop.run_folder(other, 3)
