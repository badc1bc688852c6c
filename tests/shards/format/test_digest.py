"""Hashing on the way changes nothing of what passes."""

import hashlib
import io

from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.format.digest import CHUNK, HashingReader, HashingWriter

PIECES = st.lists(st.binary(max_size=50) | st.integers(CHUNK - 1, CHUNK + 1).map(bytes), max_size=5)


@given(PIECES)
def test_writing(pieces: list[bytes]) -> None:
    stream, whole = io.BytesIO(), b"".join(pieces)
    sink = HashingWriter(stream)
    for piece in pieces:
        sink.write(piece)
    assert sink.tell() == len(whole)
    assert sink.finish() == hashlib.sha256(whole).hexdigest()
    assert stream.getvalue() == whole
    assert sink.bytes == len(whole)


@given(st.binary(max_size=300), st.lists(st.integers(0, 99), max_size=5))
def test_reading(data: bytes, sizes: list[int]) -> None:
    reader = HashingReader(io.BytesIO(data))
    read = b"".join(reader.read(size) for size in sizes)
    assert read == data[: sum(sizes)]
    assert reader.finish() == hashlib.sha256(data).hexdigest()
    assert reader.bytes == len(data)
