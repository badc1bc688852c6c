"""Arrays as the bytes of `.npy` files: never pickle, and never larger than the bytes that are really there."""

import io
import math
import re
from typing import Any

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from ..base.errors import ShardError

HEADER = 128
"""Bytes before the payload of a row of numbers, since version 1.0 of the format fills up to a multiple of 64."""

_FILE = re.compile(
    rb"\x93NUMPY\x01\x00.."
    rb"\{'descr': '(?P<dtype>[<|][iu][1248]|<U[1-9][0-9]{0,5})', 'fortran_order': False, "
    rb"'shape': \((?P<shape>[0-9]{1,19}(?:, ?[0-9]{1,19})*,?|)\), \} *\n",
    re.DOTALL,
)


def dump(array: NDArray[Any]) -> bytes:
    """An array, in C order, as a `.npy` file of version 1.0."""
    stream = io.BytesIO()
    npy_format.write_array(stream, np.asarray(array, order="C"), version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def load(data: bytes, what: str) -> NDArray[Any]:
    """A read-only view of the array in a `.npy` file.

    Args:
        data: The file.
        what: The file's name, for the error.

    Raises:
        ShardError: It is no such file, holds anything but integers or text, or its header and its length disagree.
    """
    match = _FILE.match(data)
    if match is None or match.end() != 10 + int.from_bytes(data[8:10], "little"):
        raise _refusal(what, "no header that headrace would write")
    dtype = np.dtype(match["dtype"].decode())
    shape = tuple(int(side) for side in match["shape"].split(b",") if side.strip())
    count, present = math.prod(shape), len(data) - match.end()
    if not dtype.itemsize or count * dtype.itemsize != present:
        raise _refusal(what, f"a header of {count:,} items of {dtype} before {present:,} bytes")
    try:
        return np.frombuffer(data, dtype, count, match.end()).reshape(shape)
    except ValueError as error:  # empty, but with sides beyond all bounds
        raise _refusal(what, str(error)) from error


def _refusal(what: str, found: str) -> ShardError:
    return ShardError(f"{what} is not the array that it should be", found=found)
