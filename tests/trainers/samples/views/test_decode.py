"""Decoding for views: no larger than needed, nothing lost, boxes in the right place."""

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from headrace.shards.base.images.formats import read_header
from headrace.trainers.samples.views.decode import decode as decode_for

HEIGHT, WIDTH = 1205, 1603


def decode(data, boxes, sizes, channels=3):
    return decode_for(data, read_header(data), boxes, np.array(sizes), channels)


@pytest.fixture(scope="module")
def photo():
    """A picture with detail of all sizes."""
    rng = np.random.default_rng(1)
    layers = [
        Image.fromarray(rng.integers(0, 256, (HEIGHT // cell, WIDTH // cell, 3), dtype=np.uint8)).resize(
            (WIDTH, HEIGHT), Image.Resampling.BICUBIC
        )
        for cell in (4, 16, 64, 256)
    ]
    return Image.fromarray(np.mean([np.asarray(layer) for layer in layers], axis=0).astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(1)
    )


def encoded(photo, kind="JPEG", orientation=1):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stream = io.BytesIO()
    photo.save(stream, kind, exif=exif)
    return stream.getvalue()


def view(pixels, box, size):
    """The box as size x size pixels, by Pillow."""
    left, top, right, bottom = (float(edge) for edge in box)
    first, last = np.floor([left, top]).astype(int), np.ceil([right, bottom]).astype(int)
    cut = Image.fromarray(pixels[first[1] : last[1], first[0] : last[0]])
    inside = (left - first[0], top - first[1], right - first[0], bottom - first[1])
    return np.asarray(cut.resize((size, size), Image.Resampling.BILINEAR, box=inside)).astype(float)


@pytest.mark.parametrize(
    ("boxes", "sizes", "reduction"),
    [
        ([(0, 0, 800, 800)], [100], 8),
        ([(0, 0, 799, 800)], [100], 4),
        ([(0, 0, 800, 400)], [100], 4),
        ([(0, 0, 1603, 1205), (7, 5, 7 + 448, 5 + 460)], [224, 224], 2),
        ([(0, 0, 1603, 1205), (7, 5, 7 + 448, 5 + 447)], [224, 224], 1),
        ([(0, 0, 1603, 1205), (7, 5, 7 + 400, 5 + 400)], [224, 96], 4),
        ([(7, 5, 8, 6)], [224], 1),
    ],
)
def test_a_picture_is_no_larger_than_its_views_need(photo, boxes, sizes, reduction):
    decoded = decode(encoded(photo), np.array(boxes, np.int32), sizes)
    assert decoded.pixels.shape == (-(-HEIGHT // reduction), -(-WIDTH // reduction), 3)
    assert np.allclose(decoded.boxes, np.array(boxes) / reduction)
    for (left, top, right, bottom), size in zip(decoded.boxes, sizes, strict=True):
        assert reduction == 1 or min(right - left, bottom - top) >= size


def test_what_is_not_reduced_is_as_stored(photo):
    box = np.array([(3, 4, 200, 300)], np.int32)
    found = decode(encoded(photo, "PNG"), box, [8])
    assert np.array_equal(found.pixels, np.asarray(photo))
    assert np.array_equal(found.boxes, box)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_lie_over_the_same_pixels_when_reduced_and_turned(photo, orientation):
    data = encoded(photo, orientation=orientation)
    height, width = read_header(data).upright_size
    assert (height, width) == ((HEIGHT, WIDTH) if orientation < 5 else (WIDTH, HEIGHT))
    boxes = np.array([(9, 8, 900, 900), (width - 901, height - 950, width, height), (101, 99, 940, 966)], np.int32)
    sizes = [100, 100, 100]
    reduced, whole = decode(data, boxes, sizes), decode(data, boxes, [10_000] * 3)
    assert reduced.pixels.shape[0] == -(-height // 8)
    assert whole.pixels.shape == (height, width, 3)
    for number, size in enumerate(sizes):
        exact = view(whole.pixels, boxes[number], size)
        differences = np.abs(view(reduced.pixels, reduced.boxes[number], size) - exact)
        assert differences.mean() < 2
        # Half a pixel to a side is more than the scale costs.
        shifted = np.abs(view(reduced.pixels, reduced.boxes[number] - [0.5, 0, 0.5, 0], size) - exact)
        assert shifted.mean() > 2 * differences.mean()


def test_grey_for_those_who_want_it(photo):
    whole = np.array([(0, 0, WIDTH, HEIGHT)], np.int32)
    assert decode(encoded(photo), whole, [224], channels=1).pixels.shape == (302, 401, 1)
    assert decode(encoded(photo.convert("L")), whole, [224]).pixels.shape == (302, 401, 3)


def test_a_small_picture_under_many_views_stays_whole():
    tiny = Image.fromarray(np.arange(12, dtype=np.uint8).reshape(2, 2, 3))
    boxes = np.array([(0, 0, 2, 2)] * 2 + [(1, 1, 2, 2)] * 8, np.int32)
    decoded = decode(encoded(tiny), boxes, [224] * 2 + [96] * 8)
    assert decoded.pixels.shape == (2, 2, 3)
    assert np.array_equal(decoded.boxes, boxes)


def test_a_picture_that_is_damaged_is_refused(photo):
    data = encoded(photo)
    with pytest.raises(ValueError, match="damaged JPEG"):
        decode(data[: len(data) // 2], np.array([(0, 0, 900, 900)], np.int32), [100])
