"""The contract of an output format: records in their final order become one shard's files."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import pyarrow as pa

from headrace.shards.base.registry import Registry
from headrace.shards.format.manifest import Tokenizer
from headrace.shards.format.shard_list import ShardInfo

from ..records import PAYLOADS

OUTPUTS = Registry("output format", "headrace.pipeline.outputs", "headrace.outputs")


@dataclass(frozen=True)
class Output(ABC):
    """One format; its fields are its parameters in a recipe."""

    version: ClassVar[int] = 1
    kind: ClassVar[Literal["samples", "tokens", "records"]]
    """The manifest's kind."""

    payloads: ClassVar[tuple[str, ...]]
    """The payload columns that it can write."""

    @abstractmethod
    def write(self, folder: Path, shard: int, batches: Iterator[pa.RecordBatch], shared: Path) -> ShardInfo:
        """Write one shard's files.

        Args:
            folder: Where its files go.
            shard: Its number; files are named by it.
            batches: Its records in order: `id`, `url`, `meta` and the payload column.
            shared: The folder of what `prepare` made.
        """

    def prepare(self, folder: Path, batches: Iterator[pa.RecordBatch]) -> None:  # noqa: B027 (most need nothing)
        """Make what all shards need from the corpus (a tokenizer); its files are published beside the shards.

        Args:
            folder: Where the files go.
            batches: Records in the final order; take only as many as are needed.
        """

    def fields(self, payload: str) -> dict[str, str]:
        """The manifest's field schema: each field of a sample, or column of a record, with its type."""
        return {}

    def check(self) -> None:  # noqa: B027 (most need nothing)
        """Refuse, before anything runs, what would stop the build at its end.

        Raises:
            HeadraceError: A file that it needs is missing or is not what it should be.
        """

    def tokenizer_entry(self, shared: Path) -> Tokenizer | None:
        """The manifest's entry on the tokenizer, where there is one."""
        return None


def shard_name(shard: int) -> str:
    """The name of a shard's file, without its extension."""
    return f"shard-{shard:06d}"


def record_columns(payload: str) -> dict[str, str]:
    """The columns of a record file, with their Arrow types."""
    return {"id": "large_string", "url": "large_string", "meta": "large_string", payload: str(PAYLOADS[payload])}


def description(id_: str, url: str | None, meta: str) -> dict[str, Any]:
    """What is said of a record beside its payload: `id`, `url`, and the fields of its meta.

    A field of the meta that bears one of our names, as many a source's own `id` does, stands below `meta`.
    """
    fields: dict[str, Any] = json.loads(meta)
    hidden = {name: fields.pop(name) for name in ("id", "url", "meta") if name in fields}
    return {"id": id_, "url": url, **fields, **({"meta": hidden} if hidden else {})}
