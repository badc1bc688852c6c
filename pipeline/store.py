"""Records by their numbers: random access into what the reading tasks wrote, mapped into memory."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .population import RECORDS, Population, split_of
from .tasks import task_name


class RecordStore:
    """The payloads of a population, dead records included.

    Args:
        root: The folder of all tasks' outputs.
        phase: The phase that wrote the records.
        starts: The first number of each split.
    """

    def __init__(self, root: Path, phase: str, starts: Sequence[int]) -> None:
        self._root, self._phase, self._starts = root, phase, starts
        self._split = lru_cache(maxsize=128)(self._open)

    @classmethod
    def of(cls, root: Path, population: Population) -> "RecordStore":
        """The store of a population's records."""
        return cls(root, population.records, population.starts)

    def fetch(self, numbers: NDArray[np.uint64], columns: Sequence[str]) -> pa.Table:
        """The records of these numbers, uint64 (n,), in this order.

        Raises:
            KeyError: A number is not in the store.
        """
        parts, order = [], []
        splits = split_of(numbers, self._starts)
        for split in np.unique(splits):
            rows = np.flatnonzero(splits == split)
            reader, known, firsts = self._split(int(split))
            places = np.searchsorted(known, numbers[rows])
            if np.any(places == len(known)) or np.any(known[places] != numbers[rows]):
                raise KeyError(f"a record of split {split} is not in the store")
            batches = np.searchsorted(firsts, places, side="right") - 1
            for index in np.unique(batches):
                chosen = batches == index
                batch = reader.get_batch(int(index)).select(list(columns))
                parts.append(batch.take(pa.array(places[chosen] - firsts[index])))
                order.append(rows[chosen])
        table = pa.Table.from_batches(parts)
        return table.take(pa.array(np.argsort(np.concatenate(order), kind="stable")))

    def chunks(
        self, numbers: NDArray[np.uint64], sizes: NDArray[np.uint64], columns: Sequence[str], target: int
    ) -> Iterator[pa.RecordBatch]:
        """The records in this order, in batches of about `target` bytes by their `sizes`."""
        ends = np.cumsum(sizes, dtype=np.uint64)
        start = 0
        while start < len(numbers):
            before = ends[start - 1] if start else np.uint64(0)
            stop = max(start + 1, int(np.searchsorted(ends, before + np.uint64(target), side="right")))
            yield from self.fetch(numbers[start:stop], columns).combine_chunks().to_batches()
            start = stop

    def _open(self, split: int) -> tuple[pa.ipc.RecordBatchFileReader, NDArray[np.uint64], NDArray[np.int64]]:
        path = self._root / task_name(self._phase, split) / RECORDS
        reader = pa.ipc.open_file(pa.memory_map(str(path)))
        columns = [reader.get_batch(index).column("number").to_numpy() for index in range(reader.num_record_batches)]
        firsts = np.cumsum([0, *(len(column) for column in columns)])[:-1]
        return reader, np.concatenate([np.empty(0, np.uint64), *columns]), firsts
