"""Photographs of 12 megapixels in a tar, and the recipes that make shards of them: as they are, or made smaller."""

import tarfile
from pathlib import Path

from .corpora.places import Places
from .curation import build_command
from .harness import Setting

SHORTER_SIDE, QUALITY = 427, 90
RESIZE = f"stages=[{{resize: {{shorter_side: {SHORTER_SIDE}, quality: {QUALITY}}}}}]"
"""What makes of the recipe the one that makes them smaller."""

COPIES, SMALL = 8, 2
PHOTOS = Path("photos", "photos.tar")


def write_photos(setting: Setting) -> None:
    """Each photograph of the corpus several times, in one tar."""
    photos = sorted((Places(setting.corpus).photos / "12mp").glob("*.jpg"))
    (setting.folder / PHOTOS).parent.mkdir()
    with tarfile.open(setting.folder / PHOTOS, "w") as tar:
        for number in range(SMALL if setting.small else COPIES):
            for file in photos:
                tar.add(file, f"{number}/{file.name}")


def files_of(tar: Path) -> dict[str, bytes]:
    """The files in a tar, by name."""
    with tarfile.open(tar) as opened:
        return {each.name: file.read() for each in opened if (file := opened.extractfile(each))}


def command(folder: Path) -> list[str]:
    """What builds shards of them as they are; with `RESIZE` behind it, of smaller ones."""
    return build_command(folder, str(PHOTOS), stages=(), workers=1)


def megabytes(shards: Path) -> float:
    """The size of a folder's tars, in millions of bytes."""
    return round(sum(file.stat().st_size for file in shards.glob("*.tar")) / 1e6, 1)
