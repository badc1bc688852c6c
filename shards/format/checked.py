"""Contents read by offset and held against their CRC-32C; what is wrong twice is damage, not a fault of the way."""

from collections.abc import Callable, Sequence

import google_crc32c
import numpy as np
from numpy.typing import NDArray

from ..base.errors import CorruptSampleError
from .gather import Ranges, gather
from .source import RangeSource


class CorruptRowError(CorruptSampleError):
    """A sample (or a page of tokens) whose bytes are wrong even after a second fetch.

    Args:
        shard: The shard's name.
        row: The sample's row in the shard, from 0.
        found: What is wrong.
    """

    def __init__(self, shard: str, row: int, found: str) -> None:
        self.shard = shard
        self.row = row
        super().__init__(
            f"row {row} of {shard} is damaged",
            found=found,
            expected="the bytes whose checksum is in the shard's index",
            remedy="Run `headrace verify` on the folder, and copy or build the shard again",
        )

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.shard, self.row, self.found)


def read_checked(
    source: RangeSource,
    shard: str,
    row_of: Callable[[int], int],
    starts: Sequence[int],
    sizes: Sequence[int],
    crcs: Sequence[int],
) -> list[bytes]:
    """The contents at `starts`, each of its size, in that order.

    Args:
        source: The shard's file.
        shard: Its name, for errors.
        row_of: The row to which a content belongs, by its position among these; for errors.
        starts: First bytes.
        sizes: Bytes.
        crcs: CRC-32C of each.

    Raises:
        CorruptRowError: A content is wrong, and wrong again when it alone is fetched once more.
        ShardError: The file is not there.
    """
    checksum = google_crc32c.value
    found = source.read(starts, sizes)
    for position, (data, crc) in enumerate(zip(found, crcs, strict=True)):
        if checksum(data) != crc:
            found[position] = _once_more(source, shard, row_of(position), starts[position], sizes[position], crc)
    return found


def gather_checked(
    files: Sequence[RangeSource],
    names: Sequence[str],
    ranges: Ranges,
    rows: NDArray[np.int64],
    crcs: NDArray[np.int64],
    out: NDArray[np.uint8],
) -> None:
    """Read ranges of files into a buffer and hold each against its checksum.

    Args:
        files: The shards' files.
        names: Their names, for errors.
        ranges: What of them, and where it goes.
        rows: int64 (n,): the row to which each range belongs, for errors.
        crcs: int64 (n,): CRC-32C of each.
        out: uint8 (m,), see `gather`.

    Raises:
        CorruptRowError: A range is wrong, and wrong again when it alone is fetched once more.
        ShardError: A file is not there.
        StoreError: One that lies elsewhere cannot be read.
    """
    found, sums = gather(files, ranges, out)
    for wrong in np.flatnonzero((found != ranges.size) | (sums != crcs)).tolist():
        file, start, size = (int(each[wrong]) for each in (ranges.file, ranges.start, ranges.size))
        data = _once_more(files[file], names[file], int(rows[wrong]), start, size, int(crcs[wrong]))
        place = int(ranges.place[wrong])
        out[place : place + size] = np.frombuffer(data, np.uint8)


def _once_more(source: RangeSource, shard: str, row: int, start: int, size: int, crc: int) -> bytes:
    (data,) = source.read_again([start], [size])
    if google_crc32c.value(data) == crc:
        return data
    if len(data) < size:
        raise CorruptRowError(shard, row, f"{len(data):,} of {size:,} bytes; the shard is cut off")
    raise CorruptRowError(shard, row, f"checksum {google_crc32c.value(data):08x} instead of {crc:08x}")
