"""A run over several sources: the recipe names a mixture file instead of a folder."""

import json
import shutil

import pytest

from headrace.shards.answers import Settings, show_audit
from headrace.shards.base.errors import StateError
from headrace.shards.format.manifest import Manifest
from headrace.trainers.data import DataFacts
from headrace.trainers.loop import train
from headrace.trainers.metrics import read_metrics
from headrace.trainers.recipe import read_recipe


@pytest.fixture
def mixture(texts, tmp_path):
    """A function that writes a mixture of the same texts under two names, and gives its path."""
    other = tmp_path / "more"
    shutil.copytree(texts, other)
    Manifest.load(texts).model_copy(update={"name": "more"}).save(other)

    def write(weight):
        path = tmp_path / "mixture.yaml"
        path.write_text(
            f"sources:\n  texts: {{url: {texts}, weight: {weight}}}\n  more: {{url: more, weight: {10 - weight}}}\n"
        )
        return str(path)

    return write


@pytest.mark.slow
def test_a_run_over_a_mixture_is_continued_with_other_weights(recipe_of, mixture, tmp_path, capsys):
    path = recipe_of("mlm", data={"url": mixture(7), "lanes": 1})
    train(read_recipe(path, ["steps=1"]), tmp_path / "run")
    mixture(2)
    train(read_recipe(path, ["steps=2"]), tmp_path / "run")
    assert [line["step"] for line in read_metrics(tmp_path / "run")] == [1, 2]
    state = json.loads((tmp_path / "run/checkpoints/step-00000002/state.json").read_text())["stream"]
    assert state["changes"] == [[0, 0, 8, [700, 300]], [1, 8, 8, [200, 800]]]
    show_audit(Settings(mixture(7), 0, 64, None, None, 256), tmp_path / "run", None)
    assert "exactly once" in capsys.readouterr().out


def test_another_mixture_is_another_run(recipe_of, mixture, tmp_path, texts):
    path = recipe_of("mlm", data={"url": mixture(7)})
    train(read_recipe(path, ["steps=1"]), tmp_path / "run")
    with pytest.raises(StateError, match=r"data\.manifest"):
        train(read_recipe(recipe_of("mlm", data={"url": texts})), tmp_path / "run")


def test_pictures_may_be_of_several_types(images, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(images, other)
    manifest = Manifest.load(images)
    manifest.model_copy(update={"name": "other", "fields": {"jpg": "image/jpeg"}}).save(other)
    path = tmp_path / "mixture.yaml"
    path.write_text(f"sources:\n  a: {{url: {images}, weight: 1}}\n  b: {{url: other, weight: 1}}\n")
    assert DataFacts.of(str(path)).image_fields() == ("png", "jpg")
    assert DataFacts.of(str(path)).url == images
