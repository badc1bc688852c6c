"""Parquet files of records: for curation that feeds other tools."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pyarrow as pa

from headrace.shards.format.records import write_parquet
from headrace.shards.format.shard_list import ShardInfo

from .base import Output, record_columns, shard_name


@dataclass(frozen=True)
class Parquet(Output):
    """Columns `id`, `url`, `meta` (JSON) and `text` or `image`; zstd."""

    kind = "records"
    payloads: ClassVar = ("text", "image")

    def write(self, folder: Path, shard: int, batches: Iterator[pa.RecordBatch], shared: Path) -> ShardInfo:
        """Write one file."""
        return write_parquet(folder, f"{shard_name(shard)}.parquet", batches)

    def fields(self, payload: str) -> dict[str, str]:
        """The columns."""
        return record_columns(payload)
