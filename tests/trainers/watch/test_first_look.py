"""What is told of the first records: that pictures lose their colours."""

import io

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from headrace.shards.format.manifest import Manifest
from headrace.shards.format.writer import ShardWriter
from headrace.trainers.loop import train
from headrace.trainers.recipe import read_recipe
from headrace.trainers.runs import Run
from headrace.trainers.watch import bar
from headrace.trainers.watch.first_look import advice_on

GREY = ["pretext.mae.channels=1", "pretext.mae.mean=[0.5]", "pretext.mae.std=[0.5]"]
COLOUR = ["pretext.mae.channels=3", "pretext.mae.mean=[0.5,0.5,0.5]", "pretext.mae.std=[0.5,0.5,0.5]"]


def png(colours, scale=1):
    """A picture whose channels differ, by less than `scale` of all they could."""
    pixels = np.random.default_rng(0).random((12, 12, 3)) if colours else np.random.default_rng(0).random((12, 12))
    stream = io.BytesIO()
    Image.fromarray((255 * (1 - scale * pixels)).astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def recipe_on(recipe_of, tmp_path):
    """A function that makes a recipe over shards of some pictures."""
    (tmp_path / "shards").mkdir()

    def write(pictures, *wishes):
        with ShardWriter(tmp_path / "shards", "00000.tar") as writer:
            for number, each in enumerate(pictures):
                writer.add(str(number), {"png": each})
        manifest = Manifest(kind="samples", name="x", fields={"png": "image/png"}, shards=(writer.info,))
        manifest.save(tmp_path / "shards")
        return read_recipe(recipe_of("mae"), [f"data.url={tmp_path / 'shards'}", *wishes])

    return write


@pytest.mark.parametrize(
    ("pictures", "wishes", "told"),
    [
        ([png(False), png(True)], GREY, True),
        ([png(False), png(True)], COLOUR, False),
        ([png(False)], GREY, False),
        ([png(True, 0.05)], GREY, False),
        ([b"no picture", png(True)], GREY, False),
    ],
    ids=["lost", "kept", "none", "a scan of grey", "told elsewhere"],
)
def test_colours_that_are_lost_are_told(recipe_on, tmp_path, pictures, wishes, told):
    advice = advice_on(Run.of(recipe_on(pictures, *wishes), tmp_path / "run"))
    assert ("makes them grey (channels=1)" in advice) == bool(advice) == told


def test_it_is_said_once_before_the_first_step(recipe_on, tmp_path, monkeypatch):
    shown = Console(file=io.StringIO(), width=1000)
    monkeypatch.setattr(bar, "console", shown)
    for steps in (2, 4):
        train(recipe_on([png(True)] * 9, *GREY, f"steps={steps}"), tmp_path / "run")
    assert shown.file.getvalue().count("mae 0/2  the pictures have colours") == 1
    assert shown.file.getvalue().count("colours") == 1


def test_nothing_is_said_of_texts(recipe_of, tmp_path):
    assert advice_on(Run.of(read_recipe(recipe_of("mlm")), tmp_path / "run")) == ""
