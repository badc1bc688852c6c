"""One stream whatever the compression, and what it says of damage."""

import gzip
import io
import random
import zlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.readers import _decompressed
from headrace.pipeline.readers._decompressed import Decompressed, codec_of

PACK = {"gzip": gzip.compress, "zstd": zstandard.compress}


def drain(data, size=1000):
    stream = Decompressed(io.BytesIO(data))
    chunks = []
    while chunk := stream.read(size):
        chunks.append(chunk)
    return b"".join(chunks), stream.damage


@given(parts=st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=4), size=st.integers(1, 400))
def test_several_members_are_one_content(parts, size):
    for name, pack in PACK.items():
        data = b"".join(map(pack, parts))
        assert codec_of(io.BytesIO(data)) == name
        assert drain(data, size) == (b"".join(parts), None)


def test_any_other_file_is_given_as_it_is():
    assert drain(b"plain\x1f\x8b") == (b"plain\x1f\x8b", None)
    assert drain(b"") == (b"", None)


@pytest.mark.parametrize("name", PACK)
@pytest.mark.parametrize("cut", [1, 5, 100])
def test_a_file_cut_off_says_so(name, cut):
    whole = bytes(range(256)) * 300
    content, damage = drain(PACK[name](whole)[:-cut])
    assert whole.startswith(content)
    assert "damaged compression after" in damage


BY_BYTE = {
    "gzip": (lambda: zlib.decompressobj(31), zlib.error),
    "zstd": (lambda: zstandard.ZstdDecompressor().decompressobj(), zstandard.ZstdError),
}


def before_damage(name, data):
    """What a decompressor gives that is fed byte by byte."""
    make, error = BY_BYTE[name]
    inflate, content = make().decompress, bytearray()
    try:
        for place in range(len(data)):
            content += inflate(data[place : place + 1])
    except error:
        pass
    return content


@pytest.mark.parametrize("name", PACK)
@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
@pytest.mark.parametrize("damage", ["cut", "spoilt"])
def test_all_that_stands_before_the_damage_is_given(name, share, damage):
    draw = random.Random(0)
    data = PACK[name]("".join(f"The wheel turned {draw.random()} times.\n" for _ in range(40_000)).encode())
    at = int(len(data) * share)
    # 0xFF is no end of a Huffman code's table, and no size of a block.
    data = data[:at] if damage == "cut" else data[:at] + b"\xff" * 4000 + data[at + 4000 :]
    content, said = drain(data, 1 << 20)
    assert content == before_damage(name, data)
    assert f"damaged compression after {len(content)} bytes" in said


def test_a_bomb_is_not_read_on(monkeypatch):
    monkeypatch.setattr(_decompressed, "BOMB_BYTES", 1 << 20)
    for pack in PACK.values():
        content, damage = drain(pack(bytes(1 << 27)), 1 << 16)
        assert len(content) < 1 << 27
        assert "times as large" in damage
