"""Which codec a field has, by its name and the table."""

import gzip
import io
import re
from pathlib import Path

import numpy as np
import pytest
import zstandard
from PIL import Image

from headrace.shards.stream.sources import codecs as module
from headrace.shards.stream.sources.codecs import AUDIO, CODECS, ENCODED_IMAGES, codec_of
from headrace.shards.stream.sources.decoders.compressed import Decompress

FORMAT = Path(__file__).parents[4] / "docs" / "format.md"


def decode(field, data, codecs):
    """What the codec of a field makes of it; bytes where there is none."""
    codec = codec_of(field, codecs)
    return data if codec is None else codec(data)


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("field", "data", "value"),
    [
        ("json", b'{"a": [1, null]}', {"a": [1, None]}),
        ("txt", "größe".encode(), "größe"),
        ("txt", b"\xef\xbb\xbfplain", "plain"),
        ("cls", b"17", 17),
        ("label.int", b"-3\n", -3),
        ("meta.json", b"3", 3),
        ("JSON", b"3", 3),
        ("flac", b"\x00\x01", b"\x00\x01"),
        ("json.bak", b"3", b"3"),
        ("", b"3", b"3"),
        ("json.gz", gzip.compress(b"3", mtime=0), 3),
        ("a.json.zst", zstandard.compress(b"3"), 3),
        ("json.gz.zst", zstandard.compress(gzip.compress(b"3", mtime=0)), 3),
        ("bin.zst", zstandard.compress(b"3"), b"3"),
        ("gz", gzip.compress(b"3", mtime=0), b"3"),
    ],
)
def test_fields_are_decoded_by_the_end_of_their_name(field, data, value):
    assert decode(field, data, CODECS) == value


def test_arrays_and_pictures():
    array = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    stream = io.BytesIO()
    Image.fromarray(array).save(stream, "PNG")
    assert np.array_equal(decode("depth.npy.zst", zstandard.compress(npy(array)), CODECS), array)
    assert np.array_equal(decode("seg.png", stream.getvalue(), CODECS), array)
    for field in ("png", "seg.png"):
        assert decode(field, stream.getvalue(), {**CODECS, **ENCODED_IMAGES}) == stream.getvalue()


def test_an_empty_table_decodes_nothing():
    assert decode("json", b"3", {}) == b"3"
    assert decode("json.gz", b"3", {}) == b"3"


def test_the_longest_end_counts():
    table = {**CODECS, "seg.json": len, "whole.json.gz": str}
    assert decode("seg.json", b"33", table) == 2
    assert decode("a.seg.json", b"33", table) == 2
    assert decode("seg.json.gz", gzip.compress(b"33", mtime=0), table) == 2
    assert decode("notseg.json", b"33", table) == 33
    assert decode("whole.json.gz", b"33", table) == "b'33'"
    assert decode("json", b"33", {**CODECS, "json": None}) == b"33"
    assert decode("json.gz", gzip.compress(b"33", mtime=0), {**CODECS, "json": None}) == b"33"


def test_a_bound_of_ones_own():
    table = {**CODECS, "gz": Decompress("gzip", limit=3)}
    assert decode("txt.gz", gzip.compress(b"abc", mtime=0), table) == "abc"
    with pytest.raises(ValueError, match="more than 3 bytes"):
        decode("txt.gz", gzip.compress(b"abcd", mtime=0), table)


def test_the_documentation_names_every_codec():
    section = FORMAT.read_text(encoding="utf-8").partition("## Values of fields")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert {name for row in rows for name in re.findall("`(.*?)`", row)} == CODECS.keys() | AUDIO.keys()
    assert all(re.search(rf"\b{name}\b", str(module.__doc__)) for name in CODECS.keys() | AUDIO.keys())
