"""The example pretext, used as a stranger would: checked, looked at, trained and evaluated by its path."""

import json
import pickle
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from headrace.shards import Manifest
from headrace.shards.base.generators import Generators
from headrace.shards.base.recipe import make
from headrace.shards.format.writer import ShardWriter
from headrace.trainers.console import run_eval, run_train
from headrace.trainers.contracts.pretexts import check_pretext
from headrace.trainers.metrics import read_metrics
from headrace.trainers.peek.peek import Start, read
from headrace.trainers.peek.subjects import subject
from headrace.trainers.pretext.base import Pretext
from headrace.trainers.registries import PRETEXTS

EXAMPLES = Path(__file__).parents[2] / "examples"
ROTATION = str(EXAMPLES / "custom_pretext" / "rotation.py:Rotation")


def clothes(folder, split, count):
    """Some pictures of the demo's archive as shards."""
    with zipfile.ZipFile(EXAMPLES / "demo" / "data" / "fashion_mnist" / "fashion_mnist.zip") as archive:
        names = [name for name in archive.namelist() if name.startswith(split)][:count]
        folder.mkdir()
        with ShardWriter(folder, "0.tar") as writer:
            for name in names:
                label = json.dumps({"label": name.split("/")[1]}).encode()
                writer.add(Path(name).stem, {"png": archive.read(name), "json": label})
    fields = {"png": "image/png", "json": "application/json"}
    Manifest(kind="samples", name=split, fields=fields, shards=(writer.info,)).save(folder)


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """A copy of its folder, with pictures to train and to test on."""
    folder = tmp_path_factory.mktemp("custom") / "example"
    shutil.copytree(EXAMPLES / "custom_pretext", folder)
    clothes(folder / "images", "train", 400)
    clothes(folder / "images-test", "test", 100)
    return folder


def test_it_keeps_the_contract():
    torch.set_num_threads(1)
    assert check_pretext(ROTATION) == []


def test_pictures_are_turned_by_quarters():
    kind: type[Pretext] = PRETEXTS.load(ROTATION)
    turned = sys.modules[kind.__module__]._turned(torch.arange(8).view(2, 1, 2, 2))
    assert turned.shape == (2, 4, 1, 2, 2)
    assert turned[0, :, 0].tolist() == [[[0, 1], [2, 3]], [[1, 3], [0, 2]], [[3, 2], [1, 0]], [[2, 0], [3, 1]]]


def test_a_new_process_finds_its_file_again(tmp_path):
    kind = PRETEXTS.load(ROTATION)
    example = kind.examples[0]
    pretext = make(kind, example.parameters, tmp_path)
    (tmp_path / "sent").write_bytes(pickle.dumps((pretext.transform, dict(example.record))))
    program = (
        "import numpy, pickle\n"
        "from headrace.shards.base.generators import Generators\n"
        "transform, record = pickle.load(open('sent', 'rb'))\n"
        "made = transform([record], Generators.of([('sent',)]), numpy.empty)\n"
        "numpy.save('made.npy', made['view'])\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    expected = pretext.transform([dict(example.record)], Generators.of([("sent",)]), np.empty)["view"]
    assert np.array_equal(np.load(tmp_path / "made.npy"), expected)


def test_what_it_sees_is_drawn(example):
    url = str(example / "images")
    (look,) = read(subject(str(example / "recipe.yaml"), url, [], {}), url, 1, Start())
    assert [panel.heading for panel in look.panels] == ["1 view"]


def test_it_is_trained_and_evaluated(example):
    run = example / "run"
    narrow = ["backbone.embedding_size=8", "backbone.hidden_sizes=[8,16,32]"]
    short = ["steps=60", "batch_size=16", "schedule.warmup=5", "optimizer.lr=1e-2", "log_every=5", "evals=[knn]"]
    run_train(example / "recipe.yaml", [*narrow, *short, "data.workers=0", "device=cpu"], run)
    lines = read_metrics(run)
    # Of 256 turned pictures a quarter is right by chance, with a standard deviation of .03.
    assert np.mean([line["accuracy"] for line in lines[-4:]]) > 0.35
    assert len(list((run / "report").glob("example-*.png"))) > 0
    run_eval(run, [])
    assert "knn" in (run / "evals.json").read_text()
