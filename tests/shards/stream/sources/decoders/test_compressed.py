"""Compressed fields: what was packed comes back; bombs, cuts and damage are refused."""

import gzip
import tracemalloc

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from isal import isal_zlib

from headrace.shards.stream.sources.decoders.compressed import Decompress


def unsized(data):
    """A frame that does not say how much it holds."""
    packer = zstandard.ZstdCompressor().compressobj()
    return packer.compress(data) + packer.flush()


PACK = {"gzip": [gzip.compress], "zstandard": [zstandard.compress, unsized]}
KINDS = pytest.mark.parametrize("kind", ["gzip", "zstandard"])


@KINDS
@given(
    st.lists(
        st.binary(max_size=400) | st.sampled_from([b"x" * 300_000, bytes(range(256)) * 700]), min_size=1, max_size=3
    )
)
def test_frames_come_back(kind, contents):
    for pack in PACK[kind]:
        data = b"".join(map(pack, contents))
        assert Decompress(kind)(data) == b"".join(contents)
        assert Decompress(kind, limit=sum(map(len, contents)))(data) == b"".join(contents)


@KINDS
def test_bombs_are_refused_at_their_bound(kind):
    content = bytes(1 << 26)
    for pack in PACK[kind]:
        for data in (pack(content), pack(b"x" * 500) * 3 + pack(content)):
            tracemalloc.start()
            with pytest.raises(ValueError, match="unpacks to more than 1,000 bytes"):
                Decompress(kind, limit=1000)(data)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert peak < 40 << 20
    many = PACK[kind][0](b"x" * 300) * 4
    with pytest.raises(ValueError, match="unpacks to more than 1,000 bytes"):
        Decompress(kind, limit=1000)(many)


@KINDS
def test_what_is_cut_off_damaged_or_of_another_kind_is_refused(kind):
    content = bytes(range(256)) * 200
    for pack in PACK[kind]:
        data = pack(content)
        for wrong in (b"", data[:1], data[: len(data) // 2], data[:-1], data + b"junk" * 9, b"plain text, not packed"):
            with pytest.raises((ValueError, zstandard.ZstdError, isal_zlib.error)):
                Decompress(kind)(wrong)


def test_zeros_that_fill_up_a_gzip_file_are_no_member():
    assert Decompress("gzip")(gzip.compress(b"a") + bytes(100)) == b"a"
