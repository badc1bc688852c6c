"""Many ranges of many files in one buffer: local files by one call of a kernel, the others by requests side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from .at_once import read_at_once
from .source import RangeSource

_Ints = NDArray[np.int64]

_HELD = 256
"""Files that are held open together, whatever a batch needs: with those that a stream keeps, below the usual 1024."""


@dataclass(frozen=True, eq=False)
class Ranges:
    """What is read; int64 arrays of shape (n,).

    Attributes:
        file: Which of the files, never falling.
        start: First byte in it.
        size: Bytes.
        place: Where in the buffer they go.
    """

    file: _Ints
    start: _Ints
    size: _Ints
    place: _Ints

    def of(self, rows: slice | NDArray[np.intp]) -> "Ranges":
        """Some of them."""
        return Ranges(self.file[rows], self.start[rows], self.size[rows], self.place[rows])


def gather(
    files: Sequence[RangeSource], ranges: Ranges, out: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """Read ranges of files into a buffer.

    Args:
        files: The files.
        ranges: What of them, and where it goes.
        out: uint8 (m,), contiguous; it holds all places.

    Returns:
        How many bytes there were of each range, int64 (n,): fewer than wanted where a file ends before; and the CRC-32C
        of these bytes, uint32 (n,).

    Raises:
        ShardError: A file is not there.
        StoreError: One that lies elsewhere cannot be read.
    """
    found, crcs = np.empty(ranges.size.size, np.int64), np.empty(ranges.size.size, np.uint32)
    for first in range(0, len(files), _HELD):
        some = slice(*np.searchsorted(ranges.file, (first, first + _HELD)).tolist())
        part = ranges.of(some)
        held = files[first : first + _HELD]
        found[some], crcs[some] = _gather(held, part, part.file - first, out)
        if len(files) > _HELD:
            for file in held:
                file.close()
    return found, crcs


def _gather(
    files: Sequence[RangeSource], ranges: Ranges, file: _Ints, out: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    opened = [each.opened() for each in files]
    descriptors = np.array([-1 if each is None else each.descriptor for each in opened], np.int32)[file]
    if (descriptors >= 0).all():
        return _gather_here(descriptors, ranges, out)
    found, crcs = np.empty(file.size, np.int64), np.empty(file.size, np.uint32)
    here = np.flatnonzero(descriptors >= 0)
    found[here], crcs[here] = _gather_here(descriptors[here], ranges.of(here), out)
    elsewhere = [number for number, each in enumerate(opened) if each is None]
    chosen = [np.flatnonzero(file == number) for number in elsewhere]
    asked = [(files[number], ranges.of(rows)) for number, rows in zip(elsewhere, chosen, strict=True)]
    for rows, contents in zip(chosen, read_at_once(_ask, asked), strict=True):
        for row, place, data in zip(rows.tolist(), ranges.place[rows].tolist(), contents, strict=True):
            out[place : place + len(data)] = np.frombuffer(data, np.uint8)
            found[row], crcs[row] = len(data), google_crc32c.value(data)
    return found, crcs


def _gather_here(
    descriptors: NDArray[np.int32], ranges: Ranges, out: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """Read ranges of files of this machine."""
    # Imported when something is read: opening a stream needs no kernels.
    from .kernels.gather import gather

    found, crcs = np.empty(descriptors.size, np.int64), np.empty(descriptors.size, np.uint32)
    gather(descriptors, ranges.start, ranges.size, ranges.place, out, found, crcs)
    return found, crcs


def _ask(asked: tuple[RangeSource, Ranges]) -> list[bytes]:
    file, ranges = asked
    return file.read(ranges.start.tolist(), ranges.size.tolist())
