"""Arrays: `.npy` files, and the archives of such that numpy calls `.npz`."""

import io
import math
import zipfile
from typing import Any

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from .compressed import LIMIT


def decode_array(data: bytes) -> NDArray[Any]:
    """An `.npy` file.

    Raises:
        ValueError: It is no such file, holds Python objects, or less than its header says.
    """
    stream = io.BytesIO(data)
    version = npy_format.read_magic(stream)
    header = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
    shape, _, dtype = header(stream)
    # numpy makes room for what the header says before it looks how much there is.
    if (size := math.prod(shape) * dtype.itemsize) > len(data) and not dtype.hasobject:
        raise ValueError(f"a header of {size:,} bytes before {len(data) - stream.tell():,}")
    array: NDArray[Any] = np.load(io.BytesIO(data), allow_pickle=False)
    return array


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
