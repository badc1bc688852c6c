"""Cluster: the connected components of the links, dealt out to the tasks that verify them.

A component is never split, since the survivors of a chain A ~ B ~ C depend on each other. Its members come in the order
of the survivor policy, in which they will be visited. Memory is a few times `exchange.PARTITION_BYTES`, whatever the
corpus: links and members are sorted on disk.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from headrace.shards.base.rng import hash64

from ...engine import exchange
from ...engine.tasks import task_name
from ...population import split_of
from .components import stars
from .sign import LINKS, SIGNATURES
from .sorting import Rows, append_rows, read_rows, regrouped, sorted_rows

MEMBERS = "members.bin"
BOUNDS = "bounds.npy"

ROW_BYTES = 24

ROOM_BYTES = 32
"""Rows are sorted by so many that they take a few times `exchange.PARTITION_BYTES`."""

_COMPONENT_KEY = 0x636F6D706F6E656E
"""Any constant: components are dealt out by a hash of their names."""


@dataclass(frozen=True)
class Cluster:
    """Writes the members of all components.

    `members.bin`, uint64 (n, 3): component, rank, number, sorted; a component is called by the hash of its least
    member. `bounds.npy`, int64 (groups + 1,): the members of group g are the rows `bounds[g] : bounds[g + 1]`.

    Args:
        linked: The tasks that wrote links.
        signed: The phase that wrote ranks.
        ranked: Whether ranks differ at all.
        starts: The first number of each split.
        groups: Among how many tasks the components are dealt out.
    """

    version: ClassVar[int] = 2
    linked: tuple[str, ...]
    signed: str
    ranked: bool
    starts: tuple[int, ...]
    groups: int

    def run(self, root: Path, folder: Path) -> Mapping[str, Any]:
        """Do it."""
        room = max(16, exchange.PARTITION_BYTES // ROOM_BYTES)
        links = (rows for task in self.linked for rows in read_rows(root / task / LINKS, 2, room))
        with TemporaryDirectory(dir=folder) as scratch:
            found = _with_roots(stars(links, Path(scratch), room))
            rows = (
                np.column_stack([hash64(root_of, _COMPONENT_KEY), self._ranks(root, number), number])
                for number, root_of in (chunk.T for chunk in regrouped(found, room))
            )
            members, components, largest = _write(folder, sorted_rows(rows, Path(scratch), room), self.groups)
        return {"members": members, "components": components, "largest": largest}

    def _ranks(self, root: Path, numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
        ranks = np.zeros(len(numbers), np.uint64)
        if not self.ranked:
            return ranks
        order = np.argsort(numbers)
        ascending, done = numbers[order], 0
        splits, counts = np.unique(split_of(ascending, self.starts), return_counts=True)
        for split, count in zip(splits.tolist(), counts.tolist(), strict=True):
            rows = order[done : done + count]
            ranks[rows] = _ranks_of(root / task_name(self.signed, split) / SIGNATURES, numbers[rows])
            done += count
        return ranks


def _ranks_of(path: Path, numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The ranks that a split's task wrote, of ascending numbers."""
    parts = [np.empty(0, np.uint64)]
    with pa.memory_map(str(path)) as file:
        reader = pa.ipc.open_file(file)
        for index in range(reader.num_record_batches):
            batch = reader.get_batch(index)
            known = batch.column("number").to_numpy()
            low, high = np.searchsorted(numbers, [known[0], known[-1] + np.uint64(1)])
            parts.append(batch.column("rank").to_numpy()[np.searchsorted(known, numbers[low:high])])
    return np.concatenate(parts)


def _with_roots(chunks: Iterable[Rows]) -> Iterator[Rows]:
    """Each component's least member as one of its members, too; more than once, until the rows are sorted."""
    for rows in chunks:
        roots = np.unique(rows[:, 1])
        yield np.concatenate([rows, np.column_stack([roots, roots])])


def members_of(folder: Path, group: int) -> Rows:
    """The members of one group, mapped into memory: uint64 (n, 3), component, rank, number."""
    start, stop = np.load(folder / BOUNDS, allow_pickle=False)[group : group + 2].tolist()
    if start == stop:
        return np.empty((0, 3), np.uint64)
    return np.memmap(folder / MEMBERS, np.uint64, "r", start * ROW_BYTES, (stop - start, 3))


def _write(folder: Path, chunks: Iterable[Rows], groups: int) -> tuple[int, int, int]:
    """Write the sorted members; how many there are, how many components, and how large the largest is."""
    counts = np.zeros(groups, np.int64)
    members = components = largest = 0
    last, size = -1, 0
    for rows in chunks:
        append_rows(folder / MEMBERS, rows)
        counts += np.bincount(exchange.partition_of(rows[:, 0], groups), minlength=groups)
        names, sizes = np.unique(rows[:, 0], return_counts=True)
        members, components = members + len(rows), components + len(names)
        if int(names[0]) == last:
            # It began in the chunk before.
            components, sizes[0] = components - 1, sizes[0] + size
        largest = max(largest, int(sizes.max()))
        last, size = int(names[-1]), int(sizes[-1])
    np.save(folder / BOUNDS, np.concatenate([[0], np.cumsum(counts)]), allow_pickle=False)
    return members, components, largest
