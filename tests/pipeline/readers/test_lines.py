"""Lines with their offsets, against `bytes.splitlines`."""

import io

from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.readers._lines import lines, skip_line

BYTES = st.binary(max_size=60).map(lambda data: bytes(b"ab\n\r"[byte % 4] for byte in data))


def small_reads(data, size):
    """A `read` that gives at most `size` bytes."""
    file = io.BytesIO(data)
    return lambda wanted: file.read(min(wanted, size))


def slow_lines(data):
    """Offset, size and content of every line, the obvious way."""
    offset, found = 0, []
    for line in io.BytesIO(data):
        found.append((offset, len(line), line.rstrip(b"\r\n")))
        offset += len(line)
    return found


@given(data=BYTES, size=st.integers(1, 20), stop=st.integers(0, 70))
def test_lines_that_begin_before_the_stop(data, size, stop):
    found = [(line.offset, line.size, line.content) for line in lines(small_reads(data, size), 0, stop, 1 << 20)]
    assert found == [line for line in slow_lines(data) if line[0] < stop]


@given(data=BYTES, size=st.integers(1, 20), limit=st.integers(0, 12))
def test_a_line_beyond_the_limit_keeps_its_place_and_size(data, size, limit):
    found = [(line.offset, line.size, line.content) for line in lines(small_reads(data, size), 0, 1 << 40, limit)]
    assert found == [(at, length, content if length <= limit else None) for at, length, content in slow_lines(data)]


@given(data=BYTES, size=st.integers(1, 20))
def test_skip_line_counts_up_to_the_next_line(data, size):
    assert skip_line(small_reads(data, size)) == (data.find(b"\n") + 1 or len(data))
