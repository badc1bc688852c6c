"""The final order: each living record's key, sorted by key range.

Keys travel, payloads do not: a record's key (a hash of where it lies, or its number) goes through an exchange by key
range, and each range is sorted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headrace.shards.base.rng import hash64, key

from ..engine import exchange
from ..engine.tasks import task_name
from ..population import View
from ..records import MAX_POSITION

KEYS = "keys.arrow"
ORDER = "order.arrow"


@dataclass(frozen=True)
class OrderKeys:
    """Give each living record of a split its key and send it to its key range.

    Args:
        view: The split's records.
        file: The name of the split's input, which enters the keys.
        payload: The payload column; its size travels along.
        order: `hash` or `input`.
        splits: How many splits there are; `input` order spreads them over the ranges.
        split: This one's index.
        partitions: How many key ranges there are.
    """

    version: ClassVar[int] = 1
    view: View
    file: str
    payload: str
    order: Literal["hash", "input"]
    splits: int
    split: int
    partitions: int

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        numbers, sizes = [np.empty(0, np.uint64)], [np.empty(0, np.uint64)]
        for batch in self.view.batches(root, ["number", self.payload]):
            numbers.append(batch.column("number").to_numpy())
            sizes.append(pc.binary_length(batch.column(self.payload)).to_numpy().astype(np.uint64))
        number = np.concatenate(numbers)
        if self.order == "hash":
            keys = hash64(number & np.uint64(MAX_POSITION - 1), key("order", self.file))
            destination = exchange.partition_of(keys, self.partitions)
        else:
            keys = number
            destination = np.full(len(number), self.split * self.partitions // self.splits)
        table = pa.table({"key": keys, "number": number, "size": np.concatenate(sizes)})
        exchange.write(folder / KEYS, table, destination, self.partitions)
        return {"records": len(number)}


@dataclass(frozen=True)
class SortKeys:
    """Sort one key range."""

    version: ClassVar[int] = 1
    phase: str
    files: int
    partition: int

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        paths = [root / task_name(self.phase, index) / KEYS for index in range(self.files)]
        table = exchange.read(paths, self.partition).sort_by([("key", "ascending"), ("number", "ascending")])
        with pa.OSFile(str(folder / ORDER), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table.combine_chunks())
        return {"records": table.num_rows, "bytes": int(np.sum(table.column("size").to_numpy()))}
