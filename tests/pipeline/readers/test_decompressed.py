"""One stream whatever the compression, and what it says of damage."""

import gzip
import io

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


def test_a_bomb_is_not_read_on(monkeypatch):
    monkeypatch.setattr(_decompressed, "BOMB_BYTES", 1 << 20)
    for pack in PACK.values():
        content, damage = drain(pack(bytes(1 << 27)), 1 << 16)
        assert len(content) < 1 << 27
        assert "times as large" in damage
