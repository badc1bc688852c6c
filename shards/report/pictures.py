"""Pictures of a gallery as data URIs no larger than they are shown, so that the page is one file, and a small one."""

import base64
import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageOps

from ..base.errors import InputError

_MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
_MOST_PIXELS = 50_000_000
"""A larger picture would take 200 MB and more to decode; a small file can claim any size."""

_LONGEST = 304
"""The longer side of a picture on the page, in pixels: page.css gives none more than 19rem."""
_HEIGHT = 96
"""A picture lower than this (pixels) is enlarged by a whole factor up to it, its pixels kept sharp."""


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
            if image.width * image.height > _MOST_PIXELS:
                return None
            if max(image.size) <= _LONGEST and _is_upright(image):
                return _shown(data, _MEDIA_TYPES[image.format or ""], image.size)
            thumbnail = _thumbnail(image)
    # A decoder may raise anything at all over broken bytes.
    except Exception:
        return None
    return _shown(*_encoded(thumbnail), thumbnail.size)


def _is_upright(image: Image.Image) -> bool:
    """Whether the pixels stand as they are shown; a camera held sideways notes how to turn them."""
    return bool(image.getexif().get(ExifTags.Base.Orientation, 1) == 1)


def _thumbnail(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    elif image.format != "JPEG":
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    # A JPEG is left as it is up to here, because it can be decoded at a fraction of its size.
    image.thumbnail((_LONGEST, _LONGEST))
    return ImageOps.exif_transpose(image)


def _encoded(image: Image.Image) -> tuple[bytes, str]:
    """The bytes of a picture and their media type."""
    buffer = io.BytesIO()
    if image.mode == "RGBA":
        image.save(buffer, "PNG", optimize=True)
        return buffer.getvalue(), "image/png"
    image.convert("L" if image.mode == "L" else "RGB").save(buffer, "JPEG", quality=85)
    return buffer.getvalue(), "image/jpeg"


def _shown(data: bytes, media_type: str, size: tuple[int, int]) -> Picture:
    width, height = size
    factor = max(1, min(_HEIGHT // height, _LONGEST // width))
    uri = f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"
    return Picture(uri, width * factor, height * factor, sharp=factor > 1)
