import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.kernels.buffers import text_buffers

documents = st.lists(st.none() | st.text(max_size=8), max_size=8)


def contents(texts):
    buffers = text_buffers(texts)
    return [buffers.data[start:stop].tobytes() for start, stop in zip(buffers.starts, buffers.stops, strict=True)]


@given(documents, st.integers(0, 8), st.integers(0, 8), st.sampled_from([pa.large_string(), pa.large_binary()]))
def test_views_hold_the_documents_of_any_slice(some, offset, length, kind):
    texts = pa.array(some, pa.large_string()).cast(kind).slice(offset, length)
    assert contents(texts) == [(text or "").encode() for text in some[offset : offset + length]]


def test_bytes_under_a_null_are_not_seen():
    full = pa.array(["seen", "hidden", "too"], pa.large_string())
    validity = pa.array([True, False, True]).buffers()[1]
    texts = pa.Array.from_buffers(pa.large_string(), 3, [validity, *full.buffers()[1:]])
    assert contents(texts) == [b"seen", b"", b"too"]


def test_nothing_is_copied():
    texts = pa.array(["one", "two"], pa.large_string())
    assert text_buffers(texts).data.ctypes.data == texts.buffers()[2].address
    assert text_buffers(texts).starts.ctypes.data == texts.buffers()[1].address


def test_offsets_may_lie_anywhere_in_memory():
    texts = pa.array(["one", "two"], pa.large_string())
    _, offsets, data = texts.buffers()
    shifted = pa.py_buffer(b"\0" + offsets.to_pybytes()).slice(1)
    moved = pa.Array.from_buffers(pa.large_string(), 2, [None, shifted, data])
    assert text_buffers(moved).starts.flags.aligned
    assert contents(moved) == [b"one", b"two"]


@pytest.mark.parametrize("texts", [pa.array(["short offsets"]), pa.array([1, 2])])
def test_another_type_is_refused(texts):
    with pytest.raises(TypeError, match="large_string"):
        text_buffers(texts)


def test_sizes_are_in_bytes():
    np.testing.assert_array_equal(text_buffers(pa.array(["é", None, "ab"], pa.large_string())).sizes, [2, 0, 2])
