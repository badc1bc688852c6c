"""Small real shards of colour pictures."""

import io

import numpy as np
import pytest
from PIL import Image

from headrace.shards.format.manifest import Manifest
from headrace.shards.format.writer import ShardWriter


@pytest.fixture(scope="session")
def sound(tmp_path_factory) -> str:
    """12 JPEGs of 60 x 80."""
    return shards(tmp_path_factory.mktemp("sound"), damaged=None)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory) -> str:
    """The same, the fourth cut off in the middle."""
    return shards(tmp_path_factory.mktemp("pictures"), damaged=3)


def shards(folder, damaged: int | None) -> str:
    rng = np.random.default_rng(0)
    with ShardWriter(folder, "00000.tar") as writer:
        for number in range(12):
            data = jpeg(rng)
            kept = data[: len(data) // 2] if number == damaged else data
            writer.add(f"picture-{number:02d}", {"jpg": kept, "cls": b"1"})
    fields = {"jpg": "image/jpeg", "cls": "text/plain"}
    Manifest(kind="samples", name="pictures", fields=fields, shards=(writer.info,)).save(folder)
    return str(folder)


def jpeg(rng: np.random.Generator) -> bytes:
    coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    file = io.BytesIO()
    coarse.resize((80, 60), Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    return file.getvalue()
