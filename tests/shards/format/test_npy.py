"""Arrays as bytes: numpy reads ours, and nothing that lies is believed."""

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from headrace.shards.base.errors import ShardError
from headrace.shards.format import npy

ARRAYS = hnp.arrays(
    hnp.integer_dtypes(endianness="<")
    | hnp.unsigned_integer_dtypes(endianness="<")
    | hnp.unicode_string_dtypes(endianness="<", max_len=4),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)


@given(ARRAYS)
def test_round_trip_and_numpy_reads_it(array: NDArray[Any]) -> None:
    data = npy.dump(array)
    for found in (npy.load(data, "x"), np.load(io.BytesIO(data), allow_pickle=False)):
        assert found.dtype == array.dtype
        assert np.array_equal(found, array)


@pytest.mark.parametrize("size", [0, 1, 2**20, 2**40])
def test_the_payload_of_a_row_begins_where_it_is_said_to(size: int) -> None:
    virtual = np.broadcast_to(np.zeros((), np.uint16), (size,))
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<u2", "fortran_order": False, "shape": virtual.shape})
    assert stream.tell() == npy.HEADER


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not an array",
        npy.dump(np.arange(5))[:-1],
        npy.dump(np.arange(5)) + b"\0",
        npy.dump(np.arange(5)).replace(b"(5,)", b"(9,)"),
        npy.dump(np.arange(5)).replace(b"(5,)", b"(-5,"),
        npy.dump(np.arange(5)).replace(b"'<i8'", b"'|O' "),
        npy.dump(np.arange(5)).replace(b"False", b"True "),
        npy.dump(np.arange(0)).replace(b"(0,), }" + b" " * 60, b"(0, %d, %d), }".ljust(67) % (10**17, 10**17)),
        npy.dump(np.arange(5)).replace(b"\x93NUMPY\x01", b"\x93NUMPY\x03"),
    ],
)
def test_what_is_no_array_is_refused(data: bytes) -> None:
    with pytest.raises(ShardError, match="x is not the array"):
        npy.load(data, "x")


def test_python_objects_never_enter() -> None:
    with pytest.raises(ValueError, match=r"[Oo]bject"):
        npy.dump(np.array([{}], dtype=object))
    stream = io.BytesIO()
    np.save(stream, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ShardError, match="no header"):
        npy.load(stream.getvalue(), "x")


def test_a_header_that_lies_about_its_own_length_is_refused() -> None:
    data = bytearray(npy.dump(np.arange(4)))
    data[8] += 8
    with pytest.raises(ShardError, match="no header that headrace would write"):
        npy.load(bytes(data), "x")
