"""Pictures of a gallery as data URIs, so that the page is one file."""

import base64
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from ..base.errors import InputError

_MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg"}
_HEIGHT, _WIDTH = 96, 480
"""A picture that is smaller than this (pixels) is enlarged by a whole factor up to it, its pixels kept sharp."""


@dataclass(frozen=True)
class Picture:
    """A picture that needs no file: its data URI and the size at which it is shown, in CSS pixels."""

    uri: str
    width: int
    height: int
    sharp: bool


def embed(fragment_file: Path, name: str) -> Picture:
    """The PNG or JPEG `name` beside a fragment's file.

    Raises:
        InputError: It is missing, lies outside the report's folder, or is no PNG or JPEG.
    """
    folder = fragment_file.parent.resolve()
    path = (folder / name).resolve()
    if not path.is_relative_to(folder):
        raise InputError(f"{fragment_file} names a picture outside its folder", found=name)
    try:
        data = path.read_bytes()
        with Image.open(path, formats=tuple(_MEDIA_TYPES)) as image:
            media_type, (width, height) = _MEDIA_TYPES[image.format or ""], image.size
    except (OSError, UnidentifiedImageError) as error:
        raise InputError(
            f"{fragment_file} names a picture that cannot be shown",
            found=str(error),
            expected="a PNG or JPEG file beside the fragment",
            remedy="Run again the command that wrote the folder",
        ) from error
    factor = max(1, min(_HEIGHT // height, _WIDTH // width))
    uri = f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"
    return Picture(uri, width * factor, height * factor, sharp=factor > 1)
