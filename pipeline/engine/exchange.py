"""The exchange: rows written by many tasks, read by the tasks to which their keys belong.

Each writer makes one Arrow IPC file in which record batch p holds the rows for partition p; the file's own footer
holds the batches' offsets, so that a reader takes its slice of every file with two small reads. Where there would be
so many files that slices become tiny, `merge_groups` puts a round of merging in between.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

MAX_FILES = 512
"""More files than this are merged in groups before they are read: 1e5 maps x 1e4 reduces would be 1e9 requests."""

PARTITION_BYTES = 64 << 20
"""A partition is sized to about this much of rows, which bounds the memory of the task that reads it."""


def partitions_for(total_bytes: int) -> int:
    """How many partitions an exchange of about `total_bytes` needs."""
    return max(1, -(-total_bytes // PARTITION_BYTES))


def partition_of(keys: NDArray[np.uint64], partitions: int) -> NDArray[np.int64]:
    """The partition of each 64-bit key by its range, int64 (n,): partition p holds smaller keys than p + 1."""
    return ((keys >> np.uint64(32)) * np.uint64(partitions) >> np.uint64(32)).astype(np.int64)


def write(path: Path, table: pa.Table, destination: NDArray[np.int64], partitions: int) -> None:
    """Write rows to their partitions; rows of one partition keep their order.

    Args:
        path: The file to write.
        table: The rows, n of them.
        destination: int64 (n,), each in [0, partitions).
        partitions: How many there are.
    """
    order = np.argsort(destination, kind="stable")
    bounds = np.searchsorted(destination[order], np.arange(partitions + 1))
    rows = table.take(pa.array(order)).combine_chunks()
    _write_slices(path, table.schema, (rows.slice(int(a), int(b - a)) for a, b in pairwise(bounds)))


def read(paths: Iterable[Path], partition: int) -> pa.Table:
    """The rows of one partition from every file, in the order of the files.

    Raises:
        ValueError: There is no file.
    """
    batches = []
    for path in paths:
        with pa.memory_map(str(path)) as file:
            batches.append(pa.ipc.open_file(file).get_batch(partition))
    return pa.Table.from_batches(batches)


def merge(paths: Sequence[Path], target: Path) -> None:
    """Make one file of several, partition by partition: in memory there is one partition of the group at a time."""
    with pa.memory_map(str(paths[0])) as file:
        reader = pa.ipc.open_file(file)
        schema, partitions = reader.schema, reader.num_record_batches
    _write_slices(target, schema, (read(paths, partition) for partition in range(partitions)))


def merge_groups(files: int) -> list[range]:
    """Which files are merged into one, as ranges of their indices; empty when they are few enough to be read as is."""
    if files <= MAX_FILES:
        return []
    return [range(start, min(start + MAX_FILES, files)) for start in range(0, files, MAX_FILES)]


def _write_slices(path: Path, schema: pa.Schema, slices: Iterable[pa.Table]) -> None:
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        for part in slices:
            batches = part.combine_chunks().to_batches()
            # An empty batch stands for an empty partition: batch p must be partition p.
            writer.write_batch(batches[0] if batches else pa.RecordBatch.from_pylist([], schema=schema))
