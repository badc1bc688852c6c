"""Zstd-compressed JSON lines of records: for curation that feeds other tools."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pyarrow as pa

from headrace.shards.format.records import write_jsonl_zst
from headrace.shards.format.shard_list import ShardInfo

from .base import Output, record_columns, shard_name


@dataclass(frozen=True)
class Jsonl(Output):
    """One object a line: `id`, `url`, `meta` and `text`."""

    kind = "records"
    payloads: ClassVar = ("text",)

    def write(self, folder: Path, shard: int, batches: Iterator[pa.RecordBatch], shared: Path) -> ShardInfo:
        """Write one file."""
        return write_jsonl_zst(folder, f"{shard_name(shard)}.jsonl.zst", batches, json_columns=("meta",))

    def fields(self, payload: str) -> dict[str, str]:
        """The keys."""
        return record_columns(payload)
