"""Make `data/fashion_mnist`: 5,000 labelled images of Fashion-MNIST as one zip of PNG files, the same bytes every time.

    python scripts/collect_demo_data/fashion_mnist.py SCRATCH

Of each class, the first 400 images of the standard training split and the first 100 of the standard test split, named
`train/<label>/<index in the split>.png` and `test/<label>/<index in the split>.png`. Needs apt, numpy, pillow.
"""

import argparse
import gzip
import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from packages import DATA, debian
from PIL import Image

PER_CLASS = {"train": 400, "test": 100}
LABELS = [
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
]  # fmt: skip
_PREFIX = {"train": "train", "test": "t10k"}
_IMAGES_HEADER, _LABELS_HEADER = 16, 8  # bytes before the data of an idx file


def load_split(folder: Path, split: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The images (N, 28, 28) and labels (N,) of a split, both uint8."""
    images = gzip.decompress((folder / f"{_PREFIX[split]}-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((folder / f"{_PREFIX[split]}-labels-idx1-ubyte.gz").read_bytes())
    return (
        np.frombuffer(images, np.uint8, offset=_IMAGES_HEADER).reshape(-1, 28, 28),
        np.frombuffer(labels, np.uint8, offset=_LABELS_HEADER),
    )


def first_of_each_class(labels: NDArray[np.uint8], count: int) -> list[int]:
    """The indices of the first `count` images of every class, ascending."""
    return sorted(int(i) for label in range(len(LABELS)) for i in np.flatnonzero(labels == label)[:count])


def png(image: NDArray[np.uint8]) -> bytes:
    """The image (28, 28) as a grey PNG."""
    encoded = io.BytesIO()
    Image.fromarray(image).save(encoded, "PNG", optimize=True)
    return encoded.getvalue()


def main() -> None:
    """Write the archive, the names of the labels and the licence."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scratch", type=Path, help="folder for downloads")
    package = debian("dataset-fashion-mnist", "bookworm", parser.parse_args().scratch.resolve())
    target = DATA / "fashion_mnist"
    target.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target / "fashion_mnist.zip", "w", zipfile.ZIP_STORED) as archive:
        for split, count in PER_CLASS.items():
            images, labels = load_split(package / "usr/share/datasets/fashion-mnist", split)
            for i in first_of_each_class(labels, count):
                # ZipInfo's default date is 1980-01-01, so the archive's bytes depend on the images alone.
                member = zipfile.ZipInfo(f"{split}/{labels[i]}/{i:05d}.png")
                member.external_attr = 0o644 << 16
                archive.writestr(member, png(images[i]))
    (target / "labels.json").write_text(json.dumps(dict(enumerate(LABELS)), indent=1) + "\n")
    shutil.copyfile(package / "usr/share/doc/dataset-fashion-mnist/copyright", target / "LICENSE.txt")


if __name__ == "__main__":
    main()
