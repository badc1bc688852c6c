"""What is refused, and what is only odd."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from headrace.shards.base.images.decode import decode
from headrace.shards.base.images.formats import MAX_PIXELS, read_header
from headrace.shards.base.images.jpeg import MAX_SCANS

PHOTO = np.asarray(Image.effect_noise((96, 72), 90).convert("RGB"))
KINDS = {"JPEG": {}, "PNG": {}, "WEBP": {"quality": 80}}


def saved(kind, **options):
    stream = io.BytesIO()
    Image.fromarray(PHOTO).save(stream, kind, **KINDS[kind], **options)
    return stream.getvalue()


def pixels(data):
    return decode(data, read_header(data))


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_cut_off_is_refused(kind, share):
    data = saved(kind)
    with pytest.raises(ValueError, match=r"cut off|damaged|without a picture|begins with"):
        pixels(data[: int(len(data) * share)])


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_is_refused_with_any_part_of_its_end_missing(progressive):
    data = saved("JPEG", progressive=progressive)
    for missing in (1, 2, 3, 10, 100, 1000):
        with pytest.raises(ValueError, match="damaged"):
            pixels(data[:-missing])
        # The end marker alone makes no picture whole.
        if missing > 2:
            with pytest.raises(ValueError, match="damaged"):
                pixels(data[:-missing] + b"\xff\xd9")


def test_a_jpeg_with_damage_in_the_middle_is_refused():
    data = bytearray(saved("JPEG"))
    data[len(data) // 2 : len(data) // 2 + 40] = b"\xff\xd0" * 20
    with pytest.raises(ValueError, match="damaged"):
        pixels(bytes(data))


def test_bytes_that_are_not_the_pixels_do_no_harm():
    data = saved("JPEG")
    whole = pixels(data)
    assert np.array_equal(pixels(data + b"something else"), whole)
    assert np.array_equal(pixels(data[:-2] + b"12345" + data[-2:]), whole)
    version = data.index(b"JFIF\0") + 5
    assert np.array_equal(pixels(data[:version] + b"\x07" + data[version + 1 :]), whole)


def test_an_odd_jpeg_is_refused_when_it_is_damaged_as_well():
    data = saved("JPEG")
    version = data.index(b"JFIF\0") + 5
    with pytest.raises(ValueError, match="damaged"):
        pixels((data[:version] + b"\x07" + data[version + 1 :])[: len(data) // 2])


@pytest.mark.parametrize(
    ("kind", "place", "size"), [("PNG", 16, struct.pack(">II", 20_000, 20_000)), ("JPEG", None, b"\xff\xff\xff\xff")]
)
def test_a_bomb_is_refused_by_its_header(kind, place, size):
    data = saved(kind)
    if place is None:
        place = data.index(b"\xff\xc0") + 5
    with pytest.raises(ValueError, match=f"at most {MAX_PIXELS:,} in all"):
        read_header(data[:place] + size + data[place + len(size) :])


def test_a_webp_bomb_is_refused_by_its_header():
    extended = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff\xff\x3f" * 2
    with pytest.raises(ValueError, match="4,194,304 x 4,194,304 pixels"):
        read_header(extended)


def test_a_picture_without_pixels_is_refused():
    data = saved("JPEG")
    place = data.index(b"\xff\xc0") + 5
    with pytest.raises(ValueError, match="at least one"):
        read_header(data[:place] + b"\0\0" + data[place + 2 :])


def test_a_progressive_jpeg_of_endless_scans_is_refused():
    data = saved("JPEG", progressive=True)
    scan = data.rindex(b"\xff\xda")
    with pytest.raises(ValueError, match=f"at most {MAX_SCANS} are decoded"):
        pixels(data[:-2] + data[scan:-2] * (MAX_SCANS + 1) + data[-2:])


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"GIF89a", b"%PDF-1.7", b"RIFF\0\0\0\0WAVEfmt "])
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(ValueError, match="no JPEG, PNG or WebP begins with"):
        read_header(data)


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 2**32 - 1))
def test_no_damage_raises_anything_else(kind, seed):
    rng = np.random.default_rng(seed)
    data = np.frombuffer(saved(kind), np.uint8).copy()
    places = rng.integers(12, data.size, rng.integers(1, 20))
    data[places] = rng.integers(0, 256, places.size)
    try:
        found = pixels(data[: rng.integers(data.size // 2, data.size + 1)].tobytes())
    except ValueError:
        return
    assert found.dtype == np.uint8
