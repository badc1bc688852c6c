"""Records by their numbers: random access into what the reading tasks wrote, mapped into memory.

A mapped page counts as this process's memory from its first use to the mapping's end, and the system maps some fifteen
more around it. So each file's pages are let go of as soon as what is looked for in it has been copied: they stay in the
system's cache of files, and at no time more of them are ours than one file's.
"""

import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .engine.tasks import task_name
from .population import RECORDS, Population, split_of

OPEN_SPLITS = 512
"""Splits that are kept open: each costs a mapping and a file descriptor."""


class RecordStore:
    """The payloads of a population, dead records included.

    Args:
        root: The folder of all tasks' outputs.
        phases: The phases that wrote the records.
        starts: The first number of each split.
    """

    def __init__(self, root: Path, phases: Sequence[str], starts: Sequence[int]) -> None:
        self._starts = starts
        # Holds nothing of this object, so that the mappings end with it.
        self._split = lru_cache(maxsize=OPEN_SPLITS)(partial(_open, root, tuple(phases)))

    @classmethod
    def of(cls, root: Path, population: Population) -> "RecordStore":
        """The store of a population's records."""
        return cls(root, population.written, population.starts)

    def fetch(self, numbers: NDArray[np.uint64], columns: Sequence[str]) -> pa.Table:
        """The records of these numbers, uint64 (n,), at least one, in this order.

        Raises:
            KeyError: A number is not in the store.
        """
        order = np.argsort(numbers, kind="stable")
        ascending = numbers[order]
        parts = (
            batch.select(list(columns)).take(pa.array(rows))
            for split, wanted in _runs(ascending, split_of(ascending, self._starts))
            for batch, rows in self._split(split).find(wanted)
        )
        # In one piece, the parts gone, before they are put in order: `take` would make this piece beside them.
        return pa.Table.from_batches(parts).combine_chunks().take(pa.array(np.argsort(order)))

    def sizes(self, numbers: NDArray[np.uint64], column: str) -> NDArray[np.uint64]:
        """The bytes of each record's payload, uint64 (n,); reads no payload.

        Raises:
            KeyError: A number is not in the store.
        """
        order = np.argsort(numbers, kind="stable")
        ascending = numbers[order]
        sizes = np.empty(len(numbers), np.uint64)
        done = 0
        for split, wanted in _runs(ascending, split_of(ascending, self._starts)):
            for batch, rows in self._split(split).find(wanted):
                payload = batch.column(column)
                offsets = np.frombuffer(payload.buffers()[1], np.int64)[payload.offset :]
                sizes[order[done : done + len(rows)]] = offsets[rows + 1] - offsets[rows]
                done += len(rows)
        return sizes

    def chunks(
        self, numbers: NDArray[np.uint64], sizes: NDArray[np.uint64], columns: Sequence[str], target: int
    ) -> Iterator[pa.RecordBatch]:
        """The records in this order, in batches of about `target` bytes by their `sizes`, at least one record each."""
        ends = np.cumsum(sizes, dtype=np.uint64)
        start = 0
        while start < len(numbers):
            before = ends[start - 1] if start else np.uint64(0)
            stop = max(start + 1, int(np.searchsorted(ends, before + np.uint64(target), side="right")))
            yield from self.fetch(numbers[start:stop], columns).combine_chunks().to_batches()
            start = stop


@dataclass(frozen=True)
class _Split:
    """One split's pieces of batches, none of them empty, and their first numbers, ascending; views, no copies.

    Args:
        index: Which one.
        files: The mapped files on which the batches are views.
        batches: The pieces.
        firsts: uint64.
    """

    index: int
    files: tuple[mmap.mmap, ...]
    batches: tuple[pa.RecordBatch, ...]
    firsts: NDArray[np.uint64]

    def find(self, numbers: NDArray[np.uint64]) -> Iterator[tuple[pa.RecordBatch, NDArray[np.int64]]]:
        """Ascending numbers as rows of batches; behind the last of them the files' pages are let go of."""
        for place, wanted in _runs(numbers, np.searchsorted(self.firsts, numbers, side="right") - 1):
            if place < 0:
                raise KeyError(f"the record {wanted[0]} is not in split {self.index}")
            # A view: the search touches only the few pages that it looks at.
            known = self.batches[place].column("number").to_numpy()
            rows = np.searchsorted(known, wanted)
            missing = known[np.minimum(rows, len(known) - 1)] != wanted
            if missing.any():
                raise KeyError(f"the record {wanted[missing][0]} is not in split {self.index}")
            yield self.batches[place], rows
        for file in self.files:
            file.madvise(mmap.MADV_DONTNEED)


def _runs(values: NDArray[np.uint64], groups: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.uint64]]]:
    """Each group of ascending `groups` with its values."""
    bounds = np.flatnonzero(np.diff(groups, prepend=-2, append=-2))
    for start, stop in pairwise(bounds.tolist()):
        yield int(groups[start]), values[start:stop]


def _open(root: Path, phases: Sequence[str], split: int) -> _Split:
    files = tuple(_mapped(root / task_name(phase, split) / RECORDS) for phase in phases)
    first, *later = ([*_batches(file)] for file in files)
    pieces = _interleaved([*first, *chain.from_iterable(later)]) if any(later) else first
    firsts = np.array([piece.column("number")[0].as_py() for piece in pieces], np.uint64)
    return _Split(split, files, tuple(pieces), firsts)


def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _batches(file: mmap.mmap) -> Iterator[pa.RecordBatch]:
    reader = pa.ipc.open_file(pa.BufferReader(pa.py_buffer(file)))
    batches = (reader.get_batch(index) for index in range(reader.num_record_batches))
    return (batch for batch in batches if batch.num_rows)


def _interleaved(batches: Sequence[pa.RecordBatch]) -> list[pa.RecordBatch]:
    """Batches of ascending numbers cut into pieces such that the pieces' numbers ascend, too."""
    numbers = np.concatenate([batch.column("number").to_numpy() for batch in batches])
    owners = np.repeat(np.arange(len(batches)), [batch.num_rows for batch in batches])
    order = np.argsort(numbers)
    # A piece ends where the next number is not the next row of the same batch.
    ends = np.flatnonzero((np.diff(order) != 1) | (np.diff(owners[order]) != 0)) + 1
    firsts = np.cumsum([0, *(batch.num_rows for batch in batches)])
    bounds = [0, *ends.tolist(), len(order)]
    return [
        batches[owners[order[start]]].slice(order[start] - firsts[owners[order[start]]], stop - start)
        for start, stop in pairwise(bounds)
    ]
