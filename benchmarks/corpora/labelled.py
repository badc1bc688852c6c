"""Data sets of labelled pictures as one archive of PNG files whose paths tell half and class: `train/3/00017.png`."""

import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from headrace.shards.base.progress import progress


@dataclass(frozen=True)
class Labelled:
    """One picture.

    Args:
        half: `train` or `test`.
        label: Its class.
        number: Which one of its half it is.
        picture: The picture.
    """

    half: str
    label: int
    number: int
    picture: Image.Image


def write_labelled(pictures: Iterable[Labelled], total: int, archive: Path) -> None:
    """Write the archive, whole or not at all.

    Args:
        pictures: What it holds.
        total: How many there are, for the progress bar.
        archive: Is made.
    """
    unfinished = archive.with_name(f"{archive.name}.unfinished")
    with zipfile.ZipFile(unfinished, "w") as made, progress("pictures", total) as advance:
        for each in pictures:
            made.writestr(zipfile.ZipInfo(f"{each.half}/{each.label}/{each.number:05d}.png"), _png(each.picture))
            advance()
    unfinished.rename(archive)


def _png(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()
