import io
import pickle

import numpy as np
import pytest
from PIL import Image

from headrace.shards.stream.codecs import CODECS, codec_of


def decode(field, data, codecs):
    """What the codec of a field makes of it; bytes where there is none."""
    codec = codec_of(field, codecs)
    return data if codec is None else codec(data)


def encoded(array, kind, mode=None):
    stream = io.BytesIO()
    image = Image.fromarray(array) if mode is None else Image.fromarray(array).convert(mode)
    image.save(stream, kind, **({"lossless": True} if kind == "WEBP" else {}))
    return stream.getvalue()


RGB = np.arange(24, dtype=np.uint8).reshape(2, 4, 3) * 10


@pytest.mark.parametrize(
    ("field", "data", "value"),
    [
        ("json", b'{"a": [1, null]}', {"a": [1, None]}),
        ("txt", "größe".encode(), "größe"),
        ("txt", b"\xef\xbb\xbfplain", "plain"),
        ("cls", b"17", 17),
        ("meta.json", b"3", 3),
        ("JSON", b"3", 3),
        ("flac", b"\x00\x01", b"\x00\x01"),
    ],
)
def test_fields_are_decoded_by_the_last_part_of_their_name(field, data, value):
    assert decode(field, data, CODECS) == value


def test_an_empty_table_decodes_nothing():
    assert decode("json", b"3", {}) == b"3"


@pytest.mark.parametrize("array", [RGB, np.asfortranarray(np.eye(3)), np.array(5.0), np.array(["a", "bc"])])
def test_arrays(array):
    stream = io.BytesIO()
    np.save(stream, array)
    found = decode("npy", stream.getvalue(), CODECS)
    assert found.dtype == array.dtype
    assert np.array_equal(found, array)


def test_arrays_of_objects_archives_and_pickles_are_refused():
    objects, archive = io.BytesIO(), io.BytesIO()
    np.save(objects, np.array([{}], dtype=object), allow_pickle=True)
    np.savez(archive, a=RGB)
    for data in (objects.getvalue(), archive.getvalue(), pickle.dumps(RGB), b""):
        with pytest.raises((ValueError, EOFError)):
            decode("npy", data, CODECS)


@pytest.mark.parametrize(("field", "kind"), [("png", "PNG"), ("webp", "WEBP"), ("seg.png", "PNG")])
def test_pictures_are_exact_where_their_format_is(field, kind):
    found = decode(field, encoded(RGB, kind), CODECS)
    assert found.dtype == np.uint8
    assert np.array_equal(found, RGB)
    found[0, 0] = 0


def test_jpegs_have_the_shape_of_their_mode():
    assert decode("jpg", encoded(RGB, "JPEG"), CODECS).shape == (2, 4, 3)
    assert decode("jpeg", encoded(RGB, "JPEG", "L"), CODECS).shape == (2, 4)
    assert decode("jpg", encoded(RGB, "JPEG", "CMYK"), CODECS).shape == (2, 4, 3)


@pytest.mark.parametrize(
    ("mode", "shape"), [("L", (2, 4)), ("1", (2, 4)), ("LA", (2, 4)), ("P", (2, 4, 3)), ("RGBA", (2, 4, 3))]
)
def test_grey_stays_grey_and_all_else_is_colour(mode, shape):
    assert decode("png", encoded(RGB, "PNG", mode), CODECS).shape == shape


def test_deep_grey_keeps_its_upper_bits():
    deep = np.array([[0, 255, 256, 65535]], dtype=np.uint16)
    assert decode("png", encoded(deep, "PNG"), CODECS).tolist() == [[0, 0, 1, 255]]


def test_other_formats_under_the_name_of_a_picture_are_refused():
    with pytest.raises(OSError, match="cannot identify"):
        decode("png", encoded(RGB, "GIF"), CODECS)
