"""Arrays as the bytes of `.npy` files: never pickle, and never larger than the bytes that are really there."""

import io
from typing import Any

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from ..base.errors import ShardError

HEADER = 128
"""Bytes before the payload of a row of numbers, since version 1.0 of the format fills up to a multiple of 64."""


def dump(array: NDArray[Any]) -> bytes:
    """An array, in C order, as a `.npy` file of version 1.0."""
    stream = io.BytesIO()
    npy_format.write_array(stream, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def load(data: bytes, what: str) -> NDArray[Any]:
    """A read-only view of the array in a `.npy` file.

    Args:
        data: The file.
        what: The file's name, for the error.

    Raises:
        ShardError: It is no such file, holds Python objects, or its header and its length disagree.
    """
    stream = io.BytesIO(data)
    try:
        if npy_format.read_magic(stream) != (1, 0):
            raise ValueError("another version of the .npy format")
        shape, fortran, dtype = npy_format.read_array_header_1_0(stream)
        if dtype.hasobject or fortran:
            raise ValueError("Python objects or Fortran order")
        count = int(np.prod(shape, dtype=object))
        if count * dtype.itemsize != len(data) - stream.tell():
            raise ValueError(f"a header of {count:,} items before {len(data) - stream.tell():,} bytes")
        return np.frombuffer(data, dtype, count, stream.tell()).reshape(shape)
    except (ValueError, TypeError) as error:
        raise ShardError(f"{what} is not the array that it should be", found=str(error)) from error
