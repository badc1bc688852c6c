"""The example view, used as a stranger would: named by its path in a call and in a recipe, and streamed."""

import pickle
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from headrace.shards import Manifest, Stream
from headrace.shards.base.recipe import RecipeFile, build
from headrace.shards.format.writer import ShardWriter
from headrace.trainers.samples.views.choice import Views
from headrace.trainers.samples.views.image_views import ImageViews
from headrace.trainers.samples.views.own.base import own_view

EXAMPLES = Path(__file__).parents[2] / "examples"
CUTOUT = str(EXAMPLES / "custom_view" / "cutout.py:Cutout")
forks = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


@dataclass(frozen=True)
class Seeing:
    views: Views


@pytest.fixture
def photos(tmp_path):
    with ShardWriter(tmp_path, "0.tar") as writer:
        for path in sorted((EXAMPLES / "demo" / "data" / "photos").glob("[!b]*.jpg"))[:6]:
            writer.add(path.stem, {"jpg": path.read_bytes()})
    Manifest(kind="samples", name="photos", shards=(writer.info,)).save(tmp_path)
    return str(tmp_path)


@forks
def test_it_is_streamed_beside_a_preset(photos):
    def columns(workers, batch):
        views = [{"preset": "simclr", "size": 48}, {CUTOUT: {"size": 32, "count": 2}}]
        loader = Stream(photos, transform=ImageViews(views)).loader(batch, steps=12 // batch, num_workers=workers)
        batches = [{name: np.asarray(each[name]) for name in ("view", "cutout")} for each in loader]
        return {name: np.concatenate([each[name] for each in batches]) for name in ("view", "cutout")}

    made = columns(0, 12)
    assert made["view"].shape == (12, 2, 3, 48, 48)
    assert made["cutout"].shape == (12, 2, 3, 32, 32)
    assert len(np.unique(made["cutout"].reshape(24, -1), axis=0)) == 24
    # At least the quarter of the hole that lies inside wherever its centre is.
    assert ((made["cutout"] == 0).all(2).mean((2, 3)) >= 1 / 16).all()
    again = columns(2, 12)
    assert all(np.array_equal(made[name], again[name]) for name in made)


def test_a_new_process_finds_its_file_again(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    view = own_view(CUTOUT, {"size": 32})
    (tmp_path / "sent").write_bytes(pickle.dumps((view, pixels)))
    program = (
        "import numpy, pickle\n"
        "view, pixels = pickle.load(open('sent', 'rb'))\n"
        "numpy.save('made.npy', view(pixels, numpy.random.default_rng(1)))\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    assert np.array_equal(np.load(tmp_path / "made.npy"), view(pixels, np.random.default_rng(1)))
    assert pickle.loads(pickle.dumps(view)) == view


def test_a_recipe_beside_it_names_its_file(tmp_path):
    folder = shutil.copytree(EXAMPLES / "custom_view", tmp_path / "example")
    readme = (folder / "README.md").read_text()
    line = next(line for line in readme.splitlines() if "{cutout.py:Cutout:" in line)
    (folder / "recipe.yaml").write_text(line.strip().strip("`"))
    recipe = RecipeFile(folder / "recipe.yaml")
    _, view = build(Seeing, recipe.data, recipe, ()).views
    assert (view.name, view.size, view.hole) == ("cutout", 96, 0.3)
