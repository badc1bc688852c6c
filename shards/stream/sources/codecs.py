"""From the bytes of a field to its value: one explicit table, by the end of the field's name.

    json              any JSON value
    txt               str, UTF-8
    cls int           int, written in decimal
    npy               array of any dtype but objects
    npz               dict of arrays; at most 1 GiB when unpacked
    jpg jpeg png webp uint8 array, H x W for grey pictures, H x W x 3 (red, green, blue) for all others, upright, by
                      the rules of `headrace.shards.base.images`; at most 178,956,970 pixels
    gz zst            what the rest of the name says (`json.zst` any JSON value, `bin.gz` bytes), unpacked, at most
                      1 GiB of it

The longest end of a name that is in the table counts: `a.seg.png` is looked for as `a.seg.png`, as `seg.png` and as
`png`. Any other field stays bytes, `wav` and `flac` too. Nothing is ever unpickled. A table of one's own is passed to
`Stream(..., codecs=...)`, where None leaves a field as bytes:

    codecs={}                                    everything as bytes, also what is compressed
    codecs={**CODECS, **ENCODED_IMAGES}          pictures as the bytes of their files
    codecs={**CODECS, **AUDIO}                   wav flac ogg mp3 as (float32 samples, rate), by headrace[audio]
    codecs={**CODECS, "seg.png": decode_labels}  one field by a function of one's own
    codecs={**CODECS, "zst": Decompress("zstandard", limit=1 << 34)}
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from .decoders.arrays import decode_array, decode_arrays
from .decoders.audio import decode_audio
from .decoders.compressed import Decompress, Unpacked
from .decoders.images import decode_image

Codec = Callable[[bytes], Any]
Codecs = Mapping[str, Codec | None]

_IMAGES = ("jpg", "jpeg", "png", "webp")


def decode_text(data: bytes) -> str:
    """UTF-8, without a byte order mark."""
    return data.decode("utf-8-sig")


CODECS: Codecs = {
    "json": json.loads,
    "txt": decode_text,
    "cls": int,
    "int": int,
    "npy": decode_array,
    "npz": decode_arrays,
    **dict.fromkeys(_IMAGES, decode_image),
    "gz": Decompress("gzip"),
    "zst": Decompress("zstandard"),
}
ENCODED_IMAGES: Codecs = dict.fromkeys(_IMAGES)
AUDIO: Codecs = dict.fromkeys(("wav", "flac", "ogg", "mp3"), decode_audio)


def codec_of(field: str, codecs: Codecs) -> Codec | None:
    """The codec of a field; None where it stays bytes."""
    name = field.lower()
    ends = [name, *(name[place + 1 :] for place, letter in enumerate(name) if letter == ".")]
    found = next((end for end in ends if end in codecs), None)
    if found is None:
        return None
    codec = codecs[found]
    if not isinstance(codec, Decompress):
        return codec
    inner = codec_of(name.removesuffix(found).removesuffix("."), codecs)
    return codec if inner is None else Unpacked(codec, inner)
