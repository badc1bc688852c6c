"""Record files, Parquet or zstd-compressed JSON lines, whose bytes depend on the rows alone.

Arrow's and zstd's bytes depend on how the rows were handed over, so rows are first regrouped by a rule that looks at
nothing but the rows: a group ends at `GROUP_ROWS` rows, or with the row that brings it to `GROUP_BYTES` of text and
binary content. A group is a row group in Parquet, and a block of lines in JSONL.zst.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import zstandard
from numpy.typing import NDArray

from ..base.errors import ShardError
from .atomic import atomic_write
from .digest import CHUNK, HashingWriter
from .shard_list import ShardInfo
from .urls import join

PARQUET, JSONL_ZST = ".parquet", ".jsonl.zst"
GROUP_ROWS = 16_384
GROUP_BYTES = 64 << 20
LEVEL = 3
"""Of zstd, in both formats."""


def write_parquet(folder: str | Path, name: str, batches: Iterable[pa.RecordBatch]) -> ShardInfo:
    """Write rows as a Parquet file: zstd, page checksums, one row group per group.

    Args:
        folder: The folder (path or fsspec URL) of the set.
        name: The file's name relative to it.
        batches: The rows, in batches of one schema; at least one batch, which may be empty.

    Raises:
        ShardError: There is no batch, or their schemas differ.
    """
    schema, groups = _regrouped(name, batches)
    rows = 0
    with atomic_write(join(folder, name)) as stream:
        sink = HashingWriter(stream)
        with pq.ParquetWriter(
            sink, schema, compression="zstd", compression_level=LEVEL, write_page_checksum=True
        ) as writer:
            for group in groups:
                writer.write_table(group, row_group_size=GROUP_ROWS)
                rows += group.num_rows
        digest = sink.finish()
    return ShardInfo(name=name, samples=rows, bytes=sink.bytes, sha256=digest)


def write_jsonl_zst(
    folder: str | Path, name: str, batches: Iterable[pa.RecordBatch], json_columns: Collection[str] = ()
) -> ShardInfo:
    """Write rows as lines of JSON in one zstd frame with a checksum.

    Args:
        folder: The folder (path or fsspec URL) of the set.
        name: The file's name relative to it.
        batches: The rows, in batches of one schema; at least one batch, which may be empty.
        json_columns: Columns of text that is JSON already; they become objects, not strings of escaped JSON.

    Raises:
        ShardError: There is no batch, their schemas differ, or a value has no JSON (bytes, NaN, broken UTF-8).
    """
    _, groups = _regrouped(name, batches)
    rows = 0
    with atomic_write(join(folder, name)) as stream:
        sink = HashingWriter(stream)
        compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
        with compressor.stream_writer(sink, closefd=False) as lines:  # type: ignore[arg-type]  # only writes to it
            for group in groups:
                lines.write(b"".join(_lines(group, json_columns)))
                rows += group.num_rows
        digest = sink.finish()
    return ShardInfo(name=name, samples=rows, bytes=sink.bytes, sha256=digest)


def count_rows(stream: BinaryIO, name: str) -> int:
    """The rows of a record file, by its name's ending.

    Raises:
        ShardError: The file cannot be read as what its name says.
    """
    try:
        if name.endswith(PARQUET):
            return int(pq.ParquetFile(stream).metadata.num_rows)
        lines = 0
        with zstandard.ZstdDecompressor().stream_reader(stream) as reader:
            while chunk := reader.read(CHUNK):
                lines += chunk.count(b"\n")
        return lines
    except (pa.ArrowInvalid, OSError, zstandard.ZstdError) as error:
        raise ShardError(f"{name} cannot be read", found=str(error).strip()) from error


def _regrouped(name: str, batches: Iterable[pa.RecordBatch]) -> tuple[pa.Schema, Iterator[pa.Table]]:
    rest = iter(batches)
    first = next(rest, None)
    if first is None:
        raise ShardError(f"{name} would have no columns", found="no batch of rows", expected="at least an empty one")
    return first.schema, _groups(first.schema, chain([first], rest))


def _groups(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    pending: list[pa.RecordBatch] = []
    rows = weight = 0
    for batch in batches:
        if batch.schema != schema:
            raise ShardError("two batches of one file have different columns", found=str(batch.schema))
        totals = np.concatenate(([0], np.cumsum(row_bytes(batch))))
        start = 0
        while start < batch.num_rows:
            full = int(np.searchsorted(totals, totals[start] + GROUP_BYTES - weight))
            stop = min(max(full, start + 1), start + GROUP_ROWS - rows, batch.num_rows)
            pending.append(batch.slice(start, stop - start))
            rows += stop - start
            weight += int(totals[stop] - totals[start])
            start = stop
            if rows == GROUP_ROWS or weight >= GROUP_BYTES:
                yield pa.Table.from_batches(pending, schema).combine_chunks()
                pending, rows, weight = [], 0, 0
    if pending:
        yield pa.Table.from_batches(pending, schema).combine_chunks()


def row_bytes(batch: pa.RecordBatch) -> NDArray[np.int64]:
    """Bytes of text and binary content per row, int64 [rows]; columns of other types count nothing."""
    total = np.zeros(batch.num_rows, np.int64)
    for column in batch.columns:
        kind = column.type
        if any(test(kind) for test in (pa.types.is_string, pa.types.is_binary)) or (
            pa.types.is_large_string(kind) or pa.types.is_large_binary(kind)
        ):
            total += pc.fill_null(pc.binary_length(column), 0).to_numpy(zero_copy_only=False)
    return total


def _lines(group: pa.Table, json_columns: Collection[str]) -> Iterator[bytes]:
    try:
        for row in group.to_pylist():
            for column in json_columns:
                row[column] = None if row[column] is None else json.loads(row[column])
            yield _line(row)
    except (TypeError, ValueError) as error:
        raise ShardError(
            "a row cannot be written as JSON", found=str(error), remedy="Write Parquet instead, or leave the column out"
        ) from error


def _line(row: dict[str, Any]) -> bytes:
    text = json.dumps(row, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace") + b"\n"
