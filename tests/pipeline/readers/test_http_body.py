"""HTTP codings undone, against the libraries that did them."""

import gzip
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.readers._http_body import BodyError, decode_body

LIMIT = 1 << 20


def chunked(body: bytes, size: int, *, extension: bytes = b"") -> bytes:
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x%s\r\n%s\r\n" % (len(part), extension, part) for part in parts) + b"0\r\n\r\n"


def raw_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


CODERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstandard.compress,
    "br": brotli.compress,
    "identity": bytes,
    "": bytes,
}


@given(
    body=st.binary(max_size=2000),
    codings=st.lists(st.sampled_from(sorted(CODERS)), max_size=3),
    size=st.integers(1, 700),
)
def test_codings_are_undone_in_reverse_order(body, codings, size):
    coded = body
    for coding in codings:
        coded = CODERS[coding](coded)
    assert decode_body(chunked(coded, size), "chunked", ", ".join(codings), LIMIT) == body


@given(body=st.binary(min_size=1, max_size=500))
def test_deflate_without_its_header_is_read_too(body):
    assert decode_body(raw_deflate(body), "", "deflate", LIMIT) == body


@given(body=st.binary(max_size=500))
def test_truncated_codings_never_pass_for_whole_ones(body):
    for coding in ("gzip", "br", "zstd", "deflate"):
        coded = CODERS[coding](body)
        for end in range(1, len(coded)):
            try:
                assert decode_body(coded[:end], "", coding, LIMIT) == body
            except BodyError:
                continue


@pytest.mark.parametrize(
    "body", [b"5\r\nhello\r\n", b"5\r\nhel", b"x\r\nhello\r\n0\r\n\r\n", b"-5\r\nhello", b"f" * 30 + b"\r\n"]
)
def test_a_chunked_body_without_its_end_is_an_error(body):
    with pytest.raises(BodyError, match="chunked"):
        decode_body(body, "chunked", "", LIMIT)


def test_chunk_extensions_and_bare_line_feeds_are_read():
    assert decode_body(chunked(b"hello there", 4, extension=b";a=b"), "Chunked", "", LIMIT) == b"hello there"
    assert decode_body(b"2\nab\n1\nc\n0\n\n", "chunked", "", LIMIT) == b"abc"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_stops_at_the_limit(coding):
    with pytest.raises(BodyError, match="more than 1048576 bytes"):
        decode_body(CODERS[coding](bytes(8 * LIMIT)), "", coding, LIMIT)


def test_an_unknown_coding_is_named():
    with pytest.raises(BodyError, match="'sdch'"):
        decode_body(b"x", "", "sdch", LIMIT)
