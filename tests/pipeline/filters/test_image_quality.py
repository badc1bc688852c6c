"""Images: what fails, what is dropped, and what is measured."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from headrace.pipeline.filters.image_quality import ImageQuality, measure_image


def saved(picture, form="PNG", **options):
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def noise(width, height, channels=3):
    return np.random.default_rng(7).integers(0, 256, (height, width, channels), np.uint8)


def png_header(width, height):
    """A PNG that declares a size and holds next to nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


GOOD = saved(Image.fromarray(noise(300, 250)))


def test_size_shape_and_blankness(images, reasons):
    batch = images(
        GOOD,
        saved(Image.fromarray(noise(300, 199))),
        saved(Image.fromarray(noise(200, 601))),
        saved(Image.new("RGB", (300, 300), (200, 10, 10)), "JPEG"),
    )
    assert reasons(ImageQuality(), batch) == [None, "too_small", "too_elongated", "blank"]
    assert reasons(ImageQuality(min_side=100, max_aspect=4, min_contrast=0), batch) == [None] * 4
    verdicts = ImageQuality().judge(batch)
    assert verdicts.value[1:3].tolist() == [199, 3.005]
    assert verdicts.scores["width"].tolist() == [300, 300, 200, 300]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"no image at all", "no image of a known format"),
        (GOOD[: len(GOOD) // 2], "truncated"),
        (saved(Image.fromarray(noise(300, 300)), "JPEG")[:-2000], "truncated"),
        (png_header(50_000, 50_000), "declares more than"),
        (png_header(9_000, 9_000), "declares 9000 x 9000 pixels; at most 64000000"),
        (saved(Image.fromarray(noise(10, 10)), "PPM"), "no image of a known format"),
    ],
)
def test_what_does_not_decode_fails_and_its_neighbours_do_not(images, reasons, data, said):
    first, second, third = reasons(ImageQuality(), images(GOOD, data, GOOD))
    assert (first, third) == (None, None)
    assert second.startswith("(")
    assert said in second


def test_the_limit_on_pixels_cannot_be_raised_above_what_pillow_opens():
    from pydantic import TypeAdapter, ValidationError

    with pytest.raises(ValidationError, match="less than or equal to"):
        TypeAdapter(ImageQuality).validate_python({"max_pixels": 10**9})


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P", "1", "CMYK", "LA"])
def test_contrast_is_that_of_the_grey_levels(mode):
    picture = Image.fromarray(noise(120, 80)).convert(mode)
    form = "TIFF" if mode == "CMYK" else "PNG"
    expected = np.asarray(picture.convert("L"), np.float64).std()
    assert measure_image(saved(picture, form), 10**6)["contrast"] == pytest.approx(expected)


def test_sixteen_bits_and_floats_are_measured_on_the_same_scale():
    levels = np.linspace(0, 255, 300 * 300).reshape(300, 300)
    expected = levels.std()
    deep = Image.fromarray((levels * 257).astype(np.uint16))
    assert measure_image(saved(deep), 10**6)["contrast"] == pytest.approx(expected, rel=1e-2)
    floats = Image.fromarray((levels / 255).astype(np.float32))
    assert measure_image(saved(floats, "TIFF"), 10**6)["contrast"] == pytest.approx(expected, rel=1e-2)
    assert measure_image(saved(Image.new("F", (300, 300)), "TIFF"), 10**6)["contrast"] == 0


@settings(max_examples=100)
@given(
    form=st.sampled_from(["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"]),
    edits=st.lists(st.tuples(st.integers(0, 1 << 16), st.binary(max_size=8)), min_size=1, max_size=4),
)
def test_damaged_images_are_measured_or_refused(form, edits):
    data = saved(Image.fromarray(noise(40, 30)), form)
    for place, put in edits:
        place %= len(data)
        data = data[:place] + put + data[place + len(put) :]
    try:
        measured = measure_image(data, 10**6)
    except ValueError:
        return
    assert all(np.isfinite(value) for value in measured.values())
