"""Every reader that can be named: its examples, its laws, and whatever bytes hypothesis thinks of."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.pipeline.contracts.readers import check_reader, examples_of, read_rows
from headrace.pipeline.readers.base import READERS
from headrace.shards.base.errors import InputError


@pytest.mark.parametrize("name", READERS.names())
def test_a_reader_keeps_its_contract(name):
    assert check_reader(name) == []


def mutilated(data, edits):
    for place, cut, put in edits:
        place %= len(data) + 1
        data = data[:place] + put + data[place + cut :]
    return data


@pytest.mark.parametrize("name", READERS.names())
@settings(max_examples=60)
@given(
    which=st.integers(0, 99),
    edits=st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 40), st.binary(max_size=12)), max_size=5),
    target=st.integers(1, 3000),
)
def test_no_bytes_make_a_reader_raise_and_no_split_changes_what_it_gives(name, which, edits, target):
    reader = READERS.load(name)()
    examples = examples_of(reader)
    data = mutilated(examples[which % len(examples)][0], edits)
    try:
        whole = read_rows(reader, data)
    except InputError:
        return
    assert read_rows(reader, data, target) == whole
    assert whole == read_rows(reader, data)
