"""Large photographs made smaller once, while building, instead of decoded in full for every view of every epoch.

What is written is what `headrace.shards.base.images` makes of the picture, resampled: training sees the same, with
fewer pixels. So EXIF's orientation is applied and all EXIF data dropped; transparency is dropped; palettes become
colours, CMYK red, green and blue, 16 bits 8, and an animation its first picture. An ICC profile stays where it is one
for the colours that are written; it is not applied. Greyscale stays greyscale.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from PIL import Image
from pydantic import Field

from ..batch import Batch
from ._resized import Resized, resized
from .base import Measures, Record, RuleFilter


@dataclass(frozen=True)
class Resize(RuleFilter):
    """Makes larger pictures smaller, in the format that they have. All others keep every byte.

    What is no JPEG, PNG or WebP, or must be made smaller and does not decode to its end, fails. JPEGs are written with
    4:2:0 chroma.

    Args:
        shorter_side: Pixels of the shorter side, at most; the longer one follows.
        quality: Of JPEG and of lossy WebP; PNG and lossless WebP lose nothing.
    """

    reads: ClassVar[str] = "image"
    edits: ClassVar[bool] = True

    shorter_side: Annotated[int, Field(ge=1)] = 512
    quality: Annotated[int, Field(ge=1, le=100)] = 90

    rules = ()

    def measure(self, batch: Batch) -> Measures:
        """Nothing is measured; the larger pictures are replaced."""
        images = batch.column("image")
        errors: list[str | None] = [None] * batch.num_rows
        smaller: dict[int, Resized] = {}
        edits: list[Mapping[str, Any] | None] = [None] * batch.num_rows
        for row, image in enumerate(images):
            data = image.as_py()
            try:
                found = resized(data, self.shorter_side, self.quality)
            except ValueError as error:
                errors[row], found = str(error), None
            if found is not None:
                smaller[row] = found
                edits[row] = {"from": found.before, "to": found.after, "bytes": len(found.data) - len(data)}
        if not smaller:
            return Measures({}, errors=errors)
        mask = np.isin(np.arange(batch.num_rows), list(smaller))
        replacements = pa.array([each.data for each in smaller.values()], images.type)
        return Measures({}, errors=errors, edited=pc.replace_with_mask(images, mask, replacements), edits=edits)


def _photo(side: int) -> bytes:
    encoded = io.BytesIO()
    Image.linear_gradient("L").resize((side, side)).save(encoded, "JPEG")
    return encoded.getvalue()


EXAMPLES: tuple[tuple[Record, str | None], ...] = (
    (Record(url=None, meta={}, image=_photo(512)), None),
    (Record(url=None, meta={}, image=_photo(600)), None),
)
