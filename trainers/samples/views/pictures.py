"""Where a sample has its picture, as bytes that are not decoded yet."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from headrace.shards.base.errors import InputError
from headrace.shards.base.images.formats import read_header
from headrace.shards.base.images.header import Header
from headrace.shards.stream.sources.codecs import ENCODED_IMAGES

EXTENSIONS = tuple(ENCODED_IMAGES)
"""Fields that may hold a picture, unless told."""


class Picture(NamedTuple):
    """A picture that is not decoded yet.

    Args:
        data: The file.
        header: What it says of itself.
    """

    data: bytes
    header: Header


def picture_of(sample: Mapping[str, Any], fields: Sequence[str] = EXTENSIONS) -> Picture:
    """The picture of a sample: under the first of the fields that it has.

    Raises:
        InputError: It has none of them.
        ValueError: It is no JPEG, PNG or WebP, is cut off before its size, or declares too many pixels.
    """
    for name in fields:
        if name in sample:
            data: bytes = sample[name]
            return Picture(data, read_header(data))
    held = sorted(name for name in sample if not name.startswith("__"))
    raise InputError(
        f"the sample '{sample.get('__key__', 'without a key')}' holds no picture",
        found=f"the fields {', '.join(held) or 'none'}",
        expected=f"one of {', '.join(fields)}",
        remedy="Build the shards anew without such records, or from PNG, JPEG or WebP",
    )
