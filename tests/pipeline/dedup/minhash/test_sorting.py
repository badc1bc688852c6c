import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.dedup.minhash.sorting import regrouped, sorted_rows

rows = st.lists(st.tuples(st.integers(0, 5), st.integers(2**64 - 3, 2**64 - 1)), max_size=8)


def as_chunks(pieces):
    return [np.array(piece, np.uint64).reshape(-1, 2) for piece in pieces]


@given(st.lists(rows, max_size=6), st.integers(1, 12))
def test_any_rows_come_sorted_and_once(tmp_path_factory, pieces, room):
    folder = tmp_path_factory.mktemp("sort")
    found = [tuple(row) for chunk in sorted_rows(as_chunks(pieces), folder, room) for row in chunk.tolist()]
    assert found == sorted({row for piece in pieces for row in piece})
    assert not list(folder.iterdir())


@pytest.mark.parametrize("columns", [1, 3])
def test_many_rows_of_any_width(tmp_path, columns):
    drawn = np.random.default_rng(columns).integers(0, 50, (5000, columns), np.uint64)
    found = list(sorted_rows(np.array_split(drawn, 7), tmp_path, 300))
    np.testing.assert_array_equal(np.concatenate(found), np.unique(drawn, axis=0))
    assert max(map(len, found)) <= 300 + 17  # a block of each of 17 runs has at least one row


@given(st.lists(rows, max_size=6), st.integers(1, 9))
def test_regrouping_keeps_rows_and_order(pieces, room):
    found = list(regrouped(as_chunks(pieces), room))
    assert [tuple(row) for chunk in found for row in chunk.tolist()] == [row for piece in pieces for row in piece]
    assert {len(chunk) for chunk in found[:-1]} <= {room}
    assert all(0 < len(chunk) <= room for chunk in found)
