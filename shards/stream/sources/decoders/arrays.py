"""Arrays: `.npy` files, and the archives of such that numpy calls `.npz`."""

import io
import math
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from .compressed import LIMIT

_LENGTHS = {(1, 0): 2, (2, 0): 4}
"""Bytes behind version and magic that say how long the header is, by version; 3 is for records with names beyond
Latin-1."""
_PARSING = Lock()
"""numpy reads a header as a literal of Python, whose parser counts the depth of all threads together in Python 3.11,
and fails by chance where two of them parse (python/cpython#106905)."""


@dataclass(frozen=True)
class _Header:
    shape: tuple[int, ...]
    columns_first: bool
    dtype: np.dtype[Any]


def decode_array(data: bytes) -> NDArray[Any]:
    """An `.npy` file.

    Raises:
        ValueError: It is no such file, holds Python objects, or less than its header says.
    """
    version = npy_format.read_magic(io.BytesIO(data[: npy_format.MAGIC_LEN]))
    if version not in _LENGTHS:
        with _PARSING:
            array: NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
            return array
    begin = npy_format.MAGIC_LEN + _LENGTHS[version]
    end = begin + int.from_bytes(data[npy_format.MAGIC_LEN : begin], "little")
    header = _header(data[:end])
    count = math.prod(header.shape)
    if (size := count * header.dtype.itemsize) > len(data) - end:
        raise ValueError(f"a header of {size:,} bytes before {len(data) - end:,}")
    # A copy, since those who transform a sample may write into it.
    flat = np.frombuffer(data, header.dtype, count, end).copy() if size else np.empty(count, header.dtype)
    return flat.reshape(header.shape, order="F" if header.columns_first else "C")


@lru_cache(maxsize=4096)
def _header(begin: bytes) -> _Header:
    """What the header of a file says, of which `begin` is all up to its end; files of a set begin alike."""
    stream = io.BytesIO(begin)
    version = npy_format.read_magic(stream)
    with _PARSING:
        read = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
        header = _Header(*read(stream))
    if header.dtype.hasobject:
        raise ValueError("it holds objects of Python, which could run anything")
    return header


def decode_arrays(data: bytes) -> dict[str, NDArray[Any]]:
    """An `.npz` file, compressed or not: name -> array.

    Raises:
        ValueError: It holds anything but arrays, or more than 1 GiB of them when unpacked.
        zipfile.BadZipFile: It is no such file, or damaged.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        # What an entry unpacks to is never more than it says here.
        if (size := sum(entry.file_size for entry in entries)) > LIMIT:
            raise ValueError(f"it unpacks to {size:,} bytes, more than {LIMIT:,}")
        if strange := [entry.filename for entry in entries if not entry.filename.endswith(".npy")]:
            raise ValueError(f"'{strange[0]}' in it is no array")
        return {entry.filename.removesuffix(".npy"): decode_array(archive.read(entry)) for entry in entries}
