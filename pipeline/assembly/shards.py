"""Shards: the sorted keys cut into equal parts, and each part's payloads fetched from where reading left them.

Which record goes where follows from keys and counts alone, so that the shards are the same bytes for any workers and
any splits.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..engine import exchange
from ..engine.tasks import task_name
from ..inputs import InputFile
from ..outputs.base import Output
from ..plugin import PluginSpec
from ..population import Population, split_of
from ..records import MAX_POSITION, POSITION_BITS, record_id
from ..store import RecordStore
from .order import ORDER

PLACES = "places.arrow"
FILES = "files"

CHUNK_BYTES = 4 << 20
"""Payloads are fetched in pieces of about this size."""


@dataclass(frozen=True)
class Slice:
    """Rows [start, stop) of one sorted key range."""

    partition: int
    start: int
    stop: int


def cut_shards(counts: Sequence[int], total_bytes: int, shard_bytes: int) -> list[tuple[Slice, ...]]:
    """Which rows of the sorted key ranges each shard takes.

    All shards hold equally many records, give or take one: with n records of b bytes in all there are
    S = max(1, ceil(b / shard_bytes)) shards, at most n, and shard s holds the records floor(s n / S) to
    floor((s+1) n / S) of the whole order.

    Args:
        counts: Records in each key range.
        total_bytes: Payload bytes of all of them.
        shard_bytes: The size that a shard aims at.
    """
    total = sum(counts)
    shards = min(max(1, -(-total_bytes // shard_bytes)), total)
    firsts = [0, *accumulate(counts)]
    bounds = [shard * total // shards for shard in range(shards + 1)] if shards else []
    return [tuple(_slices(firsts, start, stop)) for start, stop in pairwise(bounds)]


def _slices(firsts: Sequence[int], start: int, stop: int) -> Iterator[Slice]:
    """The rows [start, stop) of the whole order, by key range; range i holds those from `firsts[i]` on."""
    for index in range(bisect_right(firsts, start) - 1, bisect_left(firsts, stop)):
        first, end = firsts[index], min(stop, firsts[index + 1])
        if end > first:
            yield Slice(index, max(start, first) - first, end - first)


@dataclass(frozen=True)
class Source:
    """Where the records of the final order are found: the sorted ranges and the store.

    Args:
        order: The phase of the sorted ranges.
        records: The phases that wrote the records.
        starts: The first number of each split.
        names: The name of each input, by ordinal.
        payload: The payload column.
    """

    order: str
    records: tuple[str, ...]
    starts: tuple[int, ...]
    names: tuple[str, ...]
    payload: str

    @classmethod
    def of(cls, population: Population, files: Sequence[InputFile], order: str) -> "Source":
        """The source of a population's final order."""
        names = tuple(file.name for file in files)
        return cls(order, population.written, population.starts, names, population.payload)

    def numbers(self, root: Path, parts: Sequence[Slice]) -> pa.Table:
        """The keys' table (`number`, `size`) of some slices, in order."""
        tables = []
        for part in parts:
            with pa.memory_map(str(root / task_name(self.order, part.partition) / ORDER)) as file:
                table = pa.ipc.open_file(file).read_all()
            tables.append(table.slice(part.start, part.stop - part.start).select(["number", "size"]))
        return pa.concat_tables(tables) if tables else _NO_KEYS

    def batches(self, root: Path, keys: pa.Table) -> Iterator[pa.RecordBatch]:
        """The records of these keys in order: `id`, `url`, `meta` and the payload."""
        store = RecordStore(root, self.records, self.starts)
        number, size = keys.column("number").to_numpy(), keys.column("size").to_numpy()
        for batch in store.chunks(number, size, ["number", "url", "meta", self.payload], CHUNK_BYTES):
            yield batch.drop_columns(["number"]).add_column(0, "id", self._ids(batch.column("number").to_numpy()))

    def _ids(self, numbers: NDArray[np.uint64]) -> pa.Array:
        pairs = ((number >> POSITION_BITS, number & (MAX_POSITION - 1)) for number in numbers.tolist())
        return pa.array([record_id(self.names[ordinal], position) for ordinal, position in pairs], pa.large_string())


_NO_KEYS = pa.table({"number": pa.array([], pa.uint64()), "size": pa.array([], pa.uint64())})


@dataclass(frozen=True)
class Prepare:
    """Make what every shard needs from the corpus: a tokenizer."""

    version: ClassVar[int] = 1
    source: Source
    parts: tuple[Slice, ...]
    writer: PluginSpec

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        output: Output = self.writer.load()
        output.prepare(folder, self._records(root))
        return {}

    def _records(self, root: Path) -> Iterator[pa.RecordBatch]:
        for part in self.parts:
            yield from self.source.batches(root, self.source.numbers(root, [part]))


@dataclass(frozen=True)
class WriteShard:
    """Write one shard, and tell each split which of its records went where."""

    version: ClassVar[int] = 1
    source: Source
    shard: int
    parts: tuple[Slice, ...]
    writer: PluginSpec
    shared: str

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        keys = self.source.numbers(root, self.parts)
        output: Output = self.writer.load()
        files = folder / FILES
        files.mkdir()
        info = output.write(files, self.shard, self.source.batches(root, keys), root / self.shared)
        number = keys.column("number").to_numpy()
        table = pa.table(
            {
                "number": number,
                "shard": np.full(len(number), self.shard, np.uint32),
                "row": np.arange(len(number), dtype=np.uint32),
            }
        )
        exchange.write(folder / PLACES, table, split_of(number, self.source.starts), len(self.source.starts))
        return {"shard": asdict(info)}
