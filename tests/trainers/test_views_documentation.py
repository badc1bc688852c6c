"""docs/views.md, whose programs and commands are run one after the other, as they stand."""

import importlib.util
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headrace.shards.format.manifest import Manifest
from headrace.shards.format.writer import ShardWriter
from headrace.trainers.samples.views.presets import PRESETS

PAGE = Path(__file__).parents[2] / "docs" / "views.md"
NEEDS_ALBUMENTATIONS = ["pipeline.py"]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the photographs that the page speaks of, under `data/photos`."""
    folder = tmp_path / "data" / "photos"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    with ShardWriter(folder, "0.tar") as writer:
        for row in range(24):
            coarse = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
            stream = io.BytesIO()
            coarse.resize((480, 360), Image.Resampling.BICUBIC).save(stream, "JPEG")
            writer.add(f"{row:03d}", {"jpg": stream.getvalue(), "cls": b"%d" % (row % 3)})
    fields = {"jpg": "image/jpeg", "cls": "text/plain"}
    Manifest(kind="samples", name="photos", fields=fields, shards=(writer.info,)).save(folder)
    return tmp_path


@pytest.mark.slow
def test_its_programs_and_commands_run(place: Path, run_page) -> None:
    lacking = importlib.util.find_spec("albumentations") is None
    told = dict(run_page(PAGE, place, launched=NEEDS_ALBUMENTATIONS if lacking else []))
    assert "torch.Size([8, 1, 3, 224, 224]) torch.Size([8, 8, 3, 96, 96])" in told["training_data.py"]
    assert told["changed.py"] == "True 2\n"
    assert told["masked.py"] == "(4, 1, 3, 224, 224) (4, 147)\n"
    assert told["deferred.py"] == "torch.Size([8, 2, 3, 224, 224])\n" * 2
    for picture in ("dino.png", "no-hue.png", "mae.png"):
        with Image.open(place / picture) as image:
            assert min(image.size) > 100


def test_its_table_is_of_all_presets() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for name, _ in rows] == list(PRESETS)
    for name, told in rows:
        for view in PRESETS[name]():
            assert f"`{view.name}`" in told
            assert str(view.size) in told
