"""The records of a set of shards in their order on disk, for evaluations: images, or whole documents."""

from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.errors import InputError
from headrace.shards.format.token_reader import TokenShard
from headrace.shards.stream.sources.samples import SampleSource

from ..data import RECORD_CODECS, DataFacts, Record

_ROWS = 256
"""Samples read at once."""


def read_metas(data: DataFacts) -> Iterator[tuple[str, dict[str, Any]]]:
    """Key and metadata of each record, in order.

    Raises:
        InputError: The samples carry no metadata.
    """
    if data.manifest.kind == "tokens":
        for shard in range(len(data.manifest.shards)):
            documents = TokenShard(data.url, data.manifest, shard)
            for row in range(documents.samples):
                yield f"{shard}/{row}", documents.meta(row)
        return
    if "json" not in data.manifest.fields:
        raise InputError(
            f"the samples of {data.url} carry no metadata, so no label can be found",
            found=f"the fields {', '.join(data.manifest.fields)}",
            expected="a field 'json'",
        )
    for sample in _samples(data, np.arange(data.manifest.samples), ("json",)):
        yield sample["__key__"], sample.get("json") or {}


def read_records(data: DataFacts, rows: NDArray[np.int64]) -> Iterator[Record]:
    """The records with the given numbers (ascending), as a pretext's `plain_views` takes them."""
    if data.manifest.kind != "tokens":
        yield from _samples(data, rows, None)
        return
    for shard, inside in _by_shard(data, rows):
        documents = TokenShard(data.url, data.manifest, shard)
        for row in inside.tolist():
            yield {"tokens": documents.document(row)}


def _samples(data: DataFacts, rows: NDArray[np.int64], fields: tuple[str, ...] | None) -> Iterator[Record]:
    source = SampleSource(data.url, data.manifest, fields, RECORD_CODECS)
    for shard, inside in _by_shard(data, rows):
        for start in range(0, len(inside), _ROWS):
            some = inside[start : start + _ROWS]
            yield from source.read(np.full_like(some, shard), some).rows()


def _by_shard(data: DataFacts, rows: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Each shard with the rows that lie in it, counted from its first."""
    firsts = accumulate((shard.samples for shard in data.manifest.shards), initial=0)
    for shard, (first, last) in enumerate(pairwise(firsts)):
        inside = rows[(rows >= first) & (rows < last)] - first
        if inside.size:
            yield shard, inside
