"""Pictures of a gallery as data URIs, so that the page is one file."""

import base64
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from ..base.errors import InputError

_MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
_MOST_PIXELS = 50_000_000
"""A larger picture would cost the reader's browser 200 MB and more; a small file can claim any size."""

_HEIGHT, _WIDTH = 96, 480
"""A picture that is smaller than this (pixels) is enlarged by a whole factor up to it, its pixels kept sharp."""


@dataclass(frozen=True)
class Picture:
    """A picture that needs no file: its data URI and the size at which it is shown, in CSS pixels."""

    uri: str
    width: int
    height: int
    sharp: bool


def embed(fragment_file: Path, name: str) -> Picture | None:
    """The picture `name` beside a fragment's file; None for one that no browser should be given.

    Galleries show what was dropped, so a file that is damaged, no picture at all or far too large is nothing unusual.

    Raises:
        InputError: It is missing or lies outside the report's folder.
    """
    folder = fragment_file.parent.resolve()
    path = (folder / name).resolve()
    if not path.is_relative_to(folder):
        raise InputError(f"{fragment_file} names a picture outside its folder", found=name)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{fragment_file} names a picture that is not there",
            found=str(error),
            remedy="Run again the command that wrote the folder",
        ) from error
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path, formats=tuple(_MEDIA_TYPES)) as image:
            media_type, (width, height) = _MEDIA_TYPES[image.format or ""], image.size
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    if width * height > _MOST_PIXELS:
        return None
    factor = max(1, min(_HEIGHT // height, _WIDTH // width))
    uri = f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"
    return Picture(uri, width * factor, height * factor, sharp=factor > 1)
