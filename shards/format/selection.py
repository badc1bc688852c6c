"""Samples of several shards, read together as raw bytes, each field held against its CRC-32C."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .checked import gather_checked
from .gather import Ranges
from .packed import Empty, Packed, offsets_of
from .reader import ShardReader


@dataclass(frozen=True, eq=False)
class Contents:
    """What was read of some fields of samples.

    Attributes:
        contents: The bytes of each field, sample by sample; where one lacks it, none.
        absent: For the fields that some samples lack: bool (n,), True where a sample does.
    """

    contents: Mapping[str, Packed]
    absent: Mapping[str, NDArray[np.bool_]]


@dataclass(frozen=True, eq=False)
class Selection:
    """Samples of several shards, in the order in which they lie there.

    Attributes:
        readers: The shards.
        shard: Which of the readers each sample is of, never falling: int64 (n,).
        row: Its row there: int64 (n,).
        place: Its place in the order in which they are wanted, a permutation of 0 to n - 1: int64 (n,).
    """

    readers: Sequence[ShardReader]
    shard: NDArray[np.int64]
    row: NDArray[np.int64]
    place: NDArray[np.int64]

    @classmethod
    def of(cls, parts: Sequence[tuple[ShardReader, NDArray[np.int64], NDArray[np.int64]]]) -> "Selection":
        """The samples of readers, each with rows and with the places of these.

        Raises:
            IndexError: A row is not in its shard.
        """
        readers = [reader for reader, _, _ in parts]
        shard = np.repeat(np.arange(len(parts)), [rows.size for _, rows, _ in parts])
        row = np.concatenate([rows for _, rows, _ in parts])
        beyond = (row < 0) | (row >= np.array([reader.samples for reader in readers])[shard])
        if beyond.any():
            reader = readers[shard[beyond][0]]
            raise IndexError(f"{reader.name} has rows 0 to {reader.samples - 1}, asked for {row[beyond][0]}")
        return cls(readers, shard, row, np.concatenate([places for _, _, places in parts]))

    def fields(self) -> list[str]:
        """All fields that the shards have."""
        return list(dict.fromkeys(name for reader in self.readers for name in reader.index.fields))

    def sample_keys(self) -> list[str]:
        """The keys, in the order in which the samples are wanted."""
        keys = [""] * self.row.size
        for reader, some in self._parts():
            for place, key in zip(self.place[some].tolist(), reader.index.keys_of(self.row[some]), strict=True):
                keys[place] = key
        return keys

    def read(self, fields: Sequence[str], empty: Empty = np.empty) -> Contents:
        """Fields of the samples, all in one go, in the order in which the samples are wanted.

        Args:
            fields: Their names.
            empty: What allocates the arrays.

        Raises:
            CorruptRowError: A sample is damaged, also when fetched again.
            ShardError: A shard or its index is missing.
            StoreError: One that lies elsewhere cannot be read.
        """
        cells = [self._cells(name) for name in fields]
        absent, offsets, ends = {}, [], [0]
        for name, (starts, sizes, _) in zip(fields, cells, strict=True):
            wanted = np.empty_like(sizes)
            wanted[self.place] = np.maximum(sizes, 0)
            offsets.append(offsets_of(wanted, empty))
            ends.append(ends[-1] + int(offsets[-1][-1]))
            if (starts < 0).any():
                absent[name] = np.empty(starts.size, np.bool_)
                absent[name][self.place] = starts < 0
        data = empty((ends[-1],), np.dtype(np.uint8))
        if fields:
            starts, sizes, crcs = (np.stack(each, axis=1).ravel() for each in zip(*cells, strict=True))
            places = np.stack(
                [each[self.place] + end for each, end in zip(offsets, ends, strict=False)], axis=1
            ).ravel()
            ranges = Ranges(np.repeat(self.shard, len(fields)), starts, sizes, places)
            self._gather(ranges, np.repeat(self.row, len(fields)), crcs, data)
        spans = zip(fields, offsets, pairwise(ends), strict=True)
        return Contents({name: Packed(data[begin:end], each) for name, each, (begin, end) in spans}, absent)

    def _gather(
        self, ranges: Ranges, rows: NDArray[np.int64], crcs: NDArray[np.int64], data: NDArray[np.uint8]
    ) -> None:
        files, names = [reader.file for reader in self.readers], [reader.name for reader in self.readers]
        held = ranges.start >= 0
        if not held.all():
            some = held.nonzero()[0]
            ranges, rows, crcs = ranges.of(some), rows[some], crcs[some]
        gather_checked(files, names, ranges, rows, crcs, data)

    def _cells(self, field: str) -> NDArray[np.int64]:
        parts = [reader.cells(field).take(self.row[some], axis=1) for reader, some in self._parts()]
        cells: NDArray[np.int64] = np.concatenate(parts, axis=1)
        return cells

    def _parts(self) -> Iterator[tuple[ShardReader, slice]]:
        edges = np.searchsorted(self.shard, np.arange(len(self.readers) + 1)).tolist()
        return ((reader, slice(*some)) for reader, some in zip(self.readers, pairwise(edges), strict=True))
