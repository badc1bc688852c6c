import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.records import PAYLOADS, BatchBuilder, contents, packed


@given(st.lists(st.none() | st.text()))
def test_packed_is_what_arrow_makes_of_a_list(texts):
    array = packed([None if text is None else text.encode() for text in texts], pa.large_string())
    array.validate(full=True)
    assert array.equals(pa.array(texts, pa.large_string()))


@given(st.lists(st.none() | st.binary()), st.integers(0, 3))
def test_packed_bytes_can_be_sliced(contents, start):
    array = packed(contents, pa.large_binary())
    array.validate(full=True)
    assert array.slice(start).to_pylist() == contents[start:]


@pytest.mark.parametrize(("payload", "content"), [("text", "é\0"), ("content", b"\xff\0"), ("image", b"")])
def test_a_builder_gives_what_was_added(payload, content):
    builder = BatchBuilder(payload)
    builder.add(3, content, url="http://a", meta={"z": 1, "a": "ü"})
    builder.add(5, None, size=7, error="bad")
    builder.add(9, content, size=1)
    batch = builder.take()
    batch.validate(full=True)
    assert batch.schema.field(payload).type == PAYLOADS[payload]
    size = 3 if payload == "text" else len(content)
    assert batch.to_pylist() == [
        {
            "position": 3,
            "url": "http://a",
            "meta": '{"a": "ü", "z": 1}',
            "bytes": size,
            "error": None,
            payload: content,
        },
        {"position": 5, "url": None, "meta": "{}", "bytes": 7, "error": "bad", payload: None},
        {"position": 9, "url": None, "meta": "{}", "bytes": 1, "error": None, payload: content},
    ]
    assert not list(builder.rest())


@given(st.lists(st.binary(max_size=9) | st.none(), max_size=9), st.integers(0, 9), st.integers(0, 9))
def test_contents_are_the_values_where_they_lie(values, start, length):
    array = pa.array(values, pa.large_binary()).slice(start, length)
    assert [bytes(each) for each in contents(array)] == [each or b"" for each in values[start : start + length]]
