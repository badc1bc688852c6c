"""Photographs as data sets have them: 427 pixels on the shorter side, and 12 megapixels as cameras make them.

All are baseline JPEG with 4:2:0 chroma at quality 90, made from larger photographs in Debian and npm packages.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

from PIL import Image

from headrace.shards.base.progress import progress

from .npm import NpmPackage
from .packages import Package

SHORTER_SIDE = 427
"""Pixels, to which data sets are often brought down."""
LARGE = 12_000_000
QUALITY = 90


@dataclass(frozen=True)
class Album:
    """The photographs among the files of a package, by patterns of their paths."""

    package: Package | NpmPackage
    patterns: tuple[str, ...]


_WALLPAPERS = "usr/share/backgrounds"

# Paintings, drawings and screenshots are left out.
ALBUMS = (
    Album(
        Package("lomiri-wallpapers-16.04"),
        (f"{_WALLPAPERS}/[BDW]*.jpg", f"{_WALLPAPERS}/[f-l]*.jpg", f"{_WALLPAPERS}/[ps]*.jpg"),
    ),
    Album(Package("lomiri-wallpapers-20.04"), (f"{_WALLPAPERS}/Kleiber_by_*.jpg",)),
    Album(Package("mate-backgrounds"), (f"{_WALLPAPERS}/mate/nature/*.jpg",)),
    Album(
        Package("gnome-backgrounds", "bullseye"),
        (f"{_WALLPAPERS}/gnome/[CILR]*.jpg", f"{_WALLPAPERS}/gnome/SeaSunset.jpg", f"{_WALLPAPERS}/gnome/Wood.jpg"),
    ),
    Album(NpmPackage("@tabler/preview", "1.2.0"), ("dist/static/photos/*.jpg",)),
    Album(NpmPackage("now-ui-kit", "1.3.0"), ("assets/img/bg*.jpg", "assets/img/[hp]*.jpg", "assets/img/l*in*.jpg")),
    Album(NpmPackage("paper-kit-2", "2.1.0"), ("assets/img/*.jpg",)),
)


def write_photos(packages: Path, folder: Path) -> None:
    """Write `folder/427` and `folder/12mp`; the latter from those photographs that have so many pixels.

    Args:
        packages: The unpacked packages of `ALBUMS`.
        folder: Is made.
    """
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    small, large = unfinished / "427", unfinished / "12mp"
    for each in (small, large):
        each.mkdir(parents=True, exist_ok=True)
    originals = dict(_originals(packages))
    with progress("photos", len(originals)) as advance:
        for name, original in originals.items():
            with Image.open(original) as opened:
                photo = opened.convert("RGB")
            _save(photo, SHORTER_SIDE / min(photo.size), small / name)
            if photo.width * photo.height >= LARGE:
                _save(photo, sqrt(LARGE / (photo.width * photo.height)), large / name)
            advance(note=name)
    unfinished.rename(folder)


def _originals(packages: Path) -> Iterator[tuple[str, Path]]:
    for album in ALBUMS:
        for pattern in album.patterns:
            for path in sorted((packages / album.package.source).glob(pattern)):
                yield f"{album.package.source}-{path.stem}.jpg", path


def _save(photo: Image.Image, scale: float, path: Path) -> None:
    size = round(photo.width * scale), round(photo.height * scale)
    photo.resize(size, Image.Resampling.LANCZOS).save(path, "JPEG", quality=QUALITY)
