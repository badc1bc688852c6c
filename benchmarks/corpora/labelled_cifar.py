"""CIFAR-10 whole, with its classes."""

import json
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from .cifar import PACKAGE, SIDE
from .labelled import Labelled

TRAIN = tuple(f"data_batch_{number}.png" for number in range(1, 6))
TEST = ("test_batch.png",)
PICTURES = 60_000


def cifar_pictures(packages: Path) -> Iterator[Labelled]:
    """All pictures, RGB, of 32 x 32 pixels; `packages` has the unpacked package of `cifar`."""
    folder = packages / PACKAGE.source
    for half, batches, labels in (("train", TRAIN, "train_lables.json"), ("test", TEST, "test_lables.json")):
        classes = json.loads((folder / labels).read_text())
        pictures = (picture for batch in batches for picture in _pictures(folder / batch))
        for number, (label, picture) in enumerate(zip(classes, pictures, strict=True)):
            yield Labelled(half, label, number, picture)


def _pictures(batch: Path) -> Iterator[Image.Image]:
    """The pictures of a PNG file, each of its rows one of them."""
    with Image.open(batch) as opened:
        rows = opened.convert("RGB")
    for number in range(rows.height):
        yield Image.frombytes("RGB", (SIDE, SIDE), rows.crop((0, number, SIDE * SIDE, number + 1)).tobytes())
