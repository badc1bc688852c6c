"""WebDataset tars: a sample is its payload and a JSON object with its id, url and meta."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pyarrow as pa

from headrace.shards.format.shard_list import ShardInfo
from headrace.shards.format.writer import ShardWriter

from ..records import contents
from .base import Output, description, shard_name

_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif"}


@dataclass(frozen=True)
class Webdataset(Output):
    """Plain tars that any WebDataset reader reads: `<shard>-<row>.txt` or `.png`, `.jpg`, and `.json`."""

    kind = "samples"
    payloads: ClassVar = ("text", "image")

    def write(self, folder: Path, shard: int, batches: Iterator[pa.RecordBatch], shared: Path) -> ShardInfo:
        """Write the tar and its index."""
        with ShardWriter(folder, f"{shard_name(shard)}.tar") as writer:
            row = 0
            for batch in batches:
                payload = next(name for name in self.payloads if name in batch.schema.names)
                about = (batch.column(name).to_pylist() for name in ("id", "url", "meta"))
                for id_, url, meta, content in zip(*about, contents(batch.column(payload)), strict=True):
                    data = bytes(content)
                    field = "txt" if payload == "text" else image_field(data)
                    described = json.dumps(description(id_, url, meta), ensure_ascii=False, sort_keys=True).encode()
                    writer.add(f"{shard:06d}-{row:06d}", {field: data, "json": described})
                    row += 1
        return writer.info

    def fields(self, payload: str) -> dict[str, str]:
        """Text or pictures, and what is known of them."""
        content = {"txt": "text/plain"} if payload == "text" else _TYPES
        return {**content, "json": "application/json"}


def image_field(data: bytes) -> str:
    """The field of a picture by its own first bytes: names lie."""
    if data.startswith(b"\x89PNG"):
        return "png"
    if data.startswith(b"\xff\xd8"):
        return "jpg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    return "gif" if data.startswith(b"GIF8") else "img"
