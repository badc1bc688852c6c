"""CIFAR-10 whole, in one archive of PNG files whose paths tell half and class, as `train/3/00017.png`."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from headrace.shards.base.progress import progress

from .cifar import PACKAGE, SIDE

TRAIN = tuple(f"data_batch_{number}.png" for number in range(1, 6))
TEST = ("test_batch.png",)
PICTURES = 60_000


def write_labelled_cifar(packages: Path, archive: Path) -> None:
    """Write the archive.

    Args:
        packages: With the unpacked package of `cifar`.
        archive: Is made.
    """
    folder = packages / PACKAGE.source
    unfinished = archive.with_name(f"{archive.name}.unfinished")
    with zipfile.ZipFile(unfinished, "w") as made, progress("pictures", PICTURES) as advance:
        for half, batches, labels in (("train", TRAIN, "train_lables.json"), ("test", TEST, "test_lables.json")):
            classes = json.loads((folder / labels).read_text())
            pictures = (picture for batch in batches for picture in _pictures(folder / batch))
            for number, (label, picture) in enumerate(zip(classes, pictures, strict=True)):
                made.writestr(zipfile.ZipInfo(f"{half}/{label}/{number:05d}.png"), _png(picture))
                advance()
    unfinished.rename(archive)


def _pictures(batch: Path) -> Iterator[Image.Image]:
    """The pictures of a PNG file, each of its rows one of them."""
    with Image.open(batch) as opened:
        rows = opened.convert("RGB")
    for number in range(rows.height):
        yield Image.frombytes("RGB", (SIDE, SIDE), rows.crop((0, number, SIDE * SIDE, number + 1)).tobytes())


def _png(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()
