"""Image quality: images that do not decode fail; small, elongated and blank ones are dropped.

The bounds on size and shape are DataComp's (Gadre et al. 2023, arXiv 2304.14108, basic filtering: shorter side above
200 pixels, aspect ratio below 3). Blankness is ours: the standard deviation of the grey levels, 0 to 127.5. The
flattest of 5,000 pictures of Fashion-MNIST has 19, that of 37 photographs 27, a uniform picture after JPEG less than 1.
"""

import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from PIL import Image, UnidentifiedImageError
from pydantic import Field

from ..batch import Batch
from .base import Measures, Record, Rule, RuleFilter

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""No other decoder is ever started: some of Pillow's call programs."""

PILLOW_PIXELS = 2 * (Image.MAX_IMAGE_PIXELS or 0)
"""Pillow itself refuses to open what declares more."""

MEASURES = ("width", "height", "shorter_side", "aspect_ratio", "contrast")


@dataclass(frozen=True)
class ImageQuality(RuleFilter):
    """Drops images that are too small, too elongated or blank. What cannot be decoded to its end fails.

    Args:
        min_side: Pixels of the shorter side, at least.
        max_aspect: Longer side over shorter side, at most.
        min_contrast: Standard deviation of the grey levels (0 to 255), at least.
        max_pixels: An image that declares more fails before anything of it is decoded.
    """

    reads: ClassVar[str] = "image"

    min_side: Annotated[int, Field(ge=1)] = 200
    max_aspect: Annotated[float, Field(ge=1)] = 3.0
    min_contrast: Annotated[float, Field(ge=0)] = 4.0
    max_pixels: Annotated[int, Field(ge=1, le=PILLOW_PIXELS)] = 64_000_000

    rules = (
        Rule("too_small", "shorter_side", low="min_side"),
        Rule("too_elongated", "aspect_ratio", high="max_aspect"),
        Rule("blank", "contrast", low="min_contrast"),
    )

    def measure(self, batch: Batch) -> Measures:
        """Decode every image; sizes in pixels, contrast in grey levels."""
        values = {name: np.full(batch.num_rows, np.nan) for name in MEASURES}
        errors: list[str | None] = [None] * batch.num_rows
        for row, data in enumerate(batch.column("image")):
            try:
                measured = measure_image(data.as_py() or b"", self.max_pixels)
            except ValueError as error:
                errors[row] = str(error)
                continue
            for name in MEASURES:
                values[name][row] = measured[name]
        return Measures(values, errors=errors)


def measure_image(data: bytes, max_pixels: int) -> Mapping[str, float]:
    """The MEASURES of one image; of an animation, of its first picture.

    Raises:
        ValueError: It has no bytes, declares too many pixels, is of another format, or does not decode to its end.
    """
    if not data:
        raise ValueError("the image is empty")
    try:
        with warnings.catch_warnings():
            # What Pillow warns of (bombs, odd metadata) is either refused here or does not matter to the pixels.
            warnings.simplefilter("ignore")
            return _measure(Image.open(io.BytesIO(data), formats=FORMATS), max_pixels)
    except (_TooLarge, MemoryError):
        raise
    except Image.DecompressionBombError:
        raise _TooLarge(f"the image declares more than {PILLOW_PIXELS} pixels; at most {max_pixels}") from None
    except UnidentifiedImageError:
        raise ValueError(f"these bytes are no image of a known format ({', '.join(FORMATS)})") from None
    except Exception as error:
        # Pillow's decoders raise nearly anything for damaged bytes: OSError, SyntaxError, struct.error, KeyError, ...
        raise ValueError(f"the image cannot be decoded: {error}") from error


class _TooLarge(ValueError):
    """An image that declares more pixels than the limit."""


def _measure(image: Image.Image, max_pixels: int) -> Mapping[str, float]:
    width, height = image.size
    if width * height > max_pixels:
        raise _TooLarge(f"the image declares {width} x {height} pixels; at most {max_pixels}")
    image.load()
    shorter, longer = sorted(image.size)
    return {
        "width": width,
        "height": height,
        "shorter_side": shorter,
        "aspect_ratio": longer / shorter,
        "contrast": _contrast(image),
    }


def _contrast(image: Image.Image) -> float:
    """The standard deviation of the grey levels on a scale of 0 to 255."""
    if image.mode.startswith("I;16"):
        return float(np.std(np.asarray(image), dtype=np.float64)) / 257
    if image.mode in ("I", "F"):
        # Pillow cuts these at 255 where it converts them; their scale is whatever they reach.
        levels = np.nan_to_num(np.asarray(image, np.float64), posinf=0.0, neginf=0.0)
        reach = float(np.max(np.abs(levels)))
        return float(np.std(levels / reach)) * 255 if reach else 0.0
    counts = np.array(image.convert("L").histogram(), np.float64)
    grey = np.arange(len(counts))
    mean = np.average(grey, weights=counts)
    return float(np.sqrt(np.average((grey - mean) ** 2, weights=counts)))


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _example(picture: Image.Image, reason: str | None) -> tuple[Record, str | None]:
    return Record(url=None, meta={}, image=_png(picture)), reason


EXAMPLES: tuple[tuple[Record, str | None], ...] = (
    _example(Image.linear_gradient("L"), None),
    _example(Image.linear_gradient("L").resize((64, 64)), "too_small"),
    _example(Image.linear_gradient("L").resize((800, 200)), "too_elongated"),
    _example(Image.new("RGB", (256, 256), "white"), "blank"),
)
