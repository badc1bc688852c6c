"""Pictures of every mode as arrays."""

import io

import numpy as np
import pytest
from PIL import Image

from headrace.shards.stream.sources.decoders.images import decode_image


def encoded(array, kind, mode=None):
    stream = io.BytesIO()
    image = Image.fromarray(array) if mode is None else Image.fromarray(array).convert(mode)
    image.save(stream, kind, **({"lossless": True} if kind == "WEBP" else {}))
    return stream.getvalue()


RGB = np.arange(24, dtype=np.uint8).reshape(2, 4, 3) * 10


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_pictures_are_exact_where_their_format_is(kind):
    found = decode_image(encoded(RGB, kind))
    assert found.dtype == np.uint8
    assert np.array_equal(found, RGB)
    found[0, 0] = 0


def test_jpegs_have_the_shape_of_their_mode():
    assert decode_image(encoded(RGB, "JPEG")).shape == (2, 4, 3)
    assert decode_image(encoded(RGB, "JPEG", "L")).shape == (2, 4)
    assert decode_image(encoded(RGB, "JPEG", "CMYK")).shape == (2, 4, 3)


@pytest.mark.parametrize(
    ("mode", "shape"), [("L", (2, 4)), ("1", (2, 4)), ("LA", (2, 4)), ("P", (2, 4, 3)), ("RGBA", (2, 4, 3))]
)
def test_grey_stays_grey_and_all_else_is_colour(mode, shape):
    assert decode_image(encoded(RGB, "PNG", mode)).shape == shape


def test_deep_grey_is_scaled_to_eight_bits():
    deep = np.array([[0, 128, 129, 65535]], dtype=np.uint16)
    assert decode_image(encoded(deep, "PNG")).tolist() == [[0, 0, 1, 255]]


def test_other_formats_under_the_name_of_a_picture_are_refused():
    with pytest.raises(ValueError, match="no JPEG, PNG or WebP"):
        decode_image(encoded(RGB, "GIF"))
