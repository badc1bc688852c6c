import numpy as np
import pytest

from headrace.shards.base.errors import UsageError
from headrace.shards.stream.delivery.collate import Collator, collate


def column(*values, **settings):
    return collate([{"x": value} for value in values], **settings)["x"]


def test_arrays_of_one_shape_are_stacked_into_one_array():
    made = []

    def empty(shape, dtype):
        made.append(np.empty(shape, dtype))
        return made[-1]

    found = column(np.ones((2, 3), np.uint8), np.zeros((2, 3), np.uint8), empty=empty)
    assert found is made[0]
    assert (found.shape, found.dtype) == ((2, 2, 3), np.uint8)
    assert found[0].all()
    assert not found[1].any()


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1, 2], np.int64),
        ([True, False], np.bool_),
        ([1.5, 2], np.float64),
        ([np.float32(1), np.float32(2)], np.float32),
        ([np.array(1, ">i4"), np.array(2, ">i4")], np.int32),
    ],
)
def test_numbers_become_an_array_of_this_machines_byte_order(values, dtype):
    found = column(*values)
    assert found.dtype == np.dtype(dtype)
    assert found.tolist() == [value if isinstance(value, (bool, int, float)) else value.item() for value in values]


@pytest.mark.parametrize(
    "values",
    [["a", "b"], [b"a", "b"], [{"k": 1}, {"k": 2}], [[1], [2]], [None, None], [1, None], [2**70, 1], [2**63 + 1, 1]],
)
def test_anything_else_is_a_list(values):
    assert column(*values) == values


def test_arrays_that_differ_stay_a_list():
    for other in (np.zeros(3), np.zeros(2, np.float32), np.zeros((2, 1))):
        assert isinstance(column(np.zeros(2), other), list)
    assert isinstance(column(np.array(["a"]), np.array(["b"])), list)


def test_bytes_are_packed():
    found = column(b"abc", b"", b"de")
    assert (found.data.dtype, found.offsets.dtype) == (np.uint8, np.int64)
    assert found.offsets.tolist() == [0, 3, 3, 5]
    assert [bytes(found.value(row)) for row in range(3)] == [b"abc", b"", b"de"]
    assert column(b"", b"").data.size == 0


def test_ragged_fields_are_packed_even_where_their_lengths_agree():
    found = column(np.array([1, 2], np.int16), np.array([3, 4], np.int16), ragged=["x"])
    assert found.data.dtype == np.int16
    assert found.data.tolist() == [1, 2, 3, 4]
    assert found.offsets.tolist() == [0, 2, 4]
    assert Collator(frozenset({"x"}))([{"x": np.zeros(2)}])["x"].offsets.tolist() == [0, 2]


def test_ragged_values_that_cannot_be_packed_stay_a_list():
    for values in ([{"a": 1}], [np.zeros((1, 2))], [np.zeros(1), np.zeros(1, np.int8)], [np.array(["a"])]):
        assert isinstance(column(*values, ragged=["x"]), list)


def test_samples_with_other_fields_are_refused_by_name():
    with pytest.raises(UsageError, match=r"one and two.*'a'.*'b'"):
        collate([{"__key__": "one", "a": 1}, {"__key__": "two", "b": 1}])


def test_what_is_no_dictionary_is_refused():
    with pytest.raises(UsageError, match="tuple"):
        collate([(1, 2)])
