"""From the bytes of a field to its value: one explicit table, by the last part of the field's name.

    json              any JSON value
    txt               str, UTF-8
    cls               int, written in decimal
    npy               array of any dtype but objects
    jpg jpeg png webp uint8 array, H x W for grey pictures, H x W x 3 (red, green, blue) for all others;
                      transparency is dropped, 16-bit grey keeps its upper 8 bits; at most 178,956,970 pixels
                      (Pillow's bound)

`seg.png` is decoded as `png`. An unknown extension stays bytes. Nothing is ever unpickled. A table of one's own is
passed as `Stream(..., codecs={**CODECS, "flac": decode_flac})`; the empty table `{}` leaves everything as bytes.
"""

import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Codec = Callable[[bytes], Any]


def decode_text(data: bytes) -> str:
    """UTF-8, without a byte order mark."""
    return data.decode("utf-8-sig")


def decode_array(data: bytes) -> NDArray[Any]:
    """An `.npy` file; one that holds Python objects is refused."""
    array: NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
    if not isinstance(array, np.ndarray):
        raise ValueError("an archive of arrays instead of one array")
    return array


def decode_image(data: bytes) -> NDArray[np.uint8]:
    """A picture as uint8, H x W or H x W x 3."""
    from PIL import Image

    with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as image:
        if image.mode.startswith("I"):
            return (np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8)
        return np.array(image.convert("L" if image.mode in ("1", "L", "LA") else "RGB"))


CODECS: Mapping[str, Codec] = {
    "json": json.loads,
    "txt": decode_text,
    "cls": int,
    "npy": decode_array,
    "jpg": decode_image,
    "jpeg": decode_image,
    "png": decode_image,
    "webp": decode_image,
}


def codec_of(field: str, codecs: Mapping[str, Codec]) -> Codec | None:
    """The codec of a field, by the last part of its name; None where it stays bytes."""
    return codecs.get(field.rpartition(".")[2].lower())
