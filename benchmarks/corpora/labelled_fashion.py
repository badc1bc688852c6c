"""Fashion-MNIST whole, with its classes, from a Debian package of the original's idx files (MIT)."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .labelled import Labelled
from .packages import Package

PACKAGE = Package("dataset-fashion-mnist")
PICTURES = 70_000
_PREFIX = {"train": "train", "test": "t10k"}
_IMAGES_HEADER, _LABELS_HEADER = 16, 8
"""Bytes before the data."""


def fashion_pictures(packages: Path) -> Iterator[Labelled]:
    """All pictures, grey, of 28 x 28 pixels; `packages` has the unpacked package."""
    folder = packages / PACKAGE.source / "usr/share/datasets/fashion-mnist"
    for half, prefix in _PREFIX.items():
        pictures = _bytes(folder / f"{prefix}-images-idx3-ubyte.gz", _IMAGES_HEADER).reshape(-1, 28, 28)
        labels = _bytes(folder / f"{prefix}-labels-idx1-ubyte.gz", _LABELS_HEADER)
        for number, (label, picture) in enumerate(zip(labels, pictures, strict=True)):
            yield Labelled(half, int(label), number, Image.fromarray(picture))


def _bytes(path: Path, header: int) -> NDArray[np.uint8]:
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=header)
