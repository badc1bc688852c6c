"""Connected components of more links than fit into memory.

Links that fit are solved at once. Of more, every chunk is solved by itself, which leaves stars; these are made into the
stars of whole components by turns of "large star" and "small star", each of which is one sort and one scan (Kiveris,
Lattanzi, Mirrokni, Rastogi, Vassilvitskii, "Connected components in MapReduce and beyond", 2014): few rounds in
practice, and at most a logarithm squared of the records.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ...kernels.union_find import least_connected
from .sorting import Rows, append_rows, read_rows, regrouped, sorted_rows


def stars(links: Iterable[Rows], folder: Path, room: int) -> Iterator[Rows]:
    """(member, the least member of its component) of every member but that one itself, sorted, in chunks.

    Args:
        links: Pairs of different records, uint64 (n, 2), in pieces of any size.
        folder: For scratch files, which are removed.
        room: Rows that are sorted at a time, some 250 bytes each.
    """
    spool = _Spool(folder / "links.bin", room)
    chunks = 0
    # Solving takes less memory a link than sorting.
    for chunk in regrouped(links, 2 * room):
        solved, chunks = in_memory(chunk), chunks + 1
        spool.append(solved)
    try:
        if chunks > 1:
            while _round(spool, folder, room):
                pass
        yield from spool.chunks()
    finally:
        spool.remove()


def in_memory(links: Rows) -> Rows:
    """The same of links that fit into memory."""
    numbers, ends = np.unique(links, return_inverse=True)
    least = numbers[least_connected(len(numbers), ends.reshape(-1, 2))]
    members: Rows = np.column_stack([numbers, least])[least != numbers]
    return members


def _round(spool: "_Spool", folder: Path, room: int) -> bool:
    """One turn of both steps; whether anything changed."""
    changed = [False]
    both_ways = (np.concatenate([rows, rows[:, ::-1]]) for rows in regrouped(spool.chunks(), max(1, room // 2)))
    with TemporaryDirectory(dir=folder) as first, TemporaryDirectory(dir=folder) as second:
        larger = _large_star(sorted_rows(both_ways, Path(first), room), changed)
        spool.replace(_small_star(sorted_rows(larger, Path(second), room), changed))
    return changed[0]


def _large_star(chunks: Iterable[Rows], changed: list[bool]) -> Iterator[Rows]:
    """Link every larger neighbour of a record to the least of all its neighbours and itself."""
    for rows, least in _with_least(chunks):
        centre, neighbour = rows.T
        up = neighbour > centre
        target = np.minimum(least, centre)[up]
        changed[0] |= bool(np.any(target != centre[up]))
        yield np.column_stack([neighbour[up], target])


def _small_star(chunks: Iterable[Rows], changed: list[bool]) -> Iterator[Rows]:
    """Link a record and all of its smaller neighbours to the least of them."""
    for rows, least in _with_least(chunks):
        centre, neighbour = rows.T
        others = neighbour != least
        changed[0] |= bool(np.any(others))
        yield np.column_stack([np.where(others, neighbour, centre), least])


def _with_least(chunks: Iterable[Rows]) -> Iterator[tuple[Rows, Rows]]:
    """Sorted (centre, neighbour) rows, with the least neighbour of each row's centre, whatever chunk it stood in."""
    last, known = -1, np.uint64(0)
    for rows in chunks:
        centre, neighbour = rows.T
        fresh = np.ones(len(rows), bool)
        fresh[1:] = centre[1:] != centre[:-1]
        starts = np.maximum.accumulate(np.where(fresh, np.arange(len(rows)), 0))
        least = neighbour[starts]
        if int(centre[0]) == last:
            least[starts == 0] = known
        last, known = int(centre[-1]), least[-1]
        yield rows, least


@dataclass(frozen=True)
class _Spool:
    """Pairs in a file, in the order in which they came."""

    path: Path
    room: int

    def append(self, rows: Rows) -> None:
        append_rows(self.path, rows)

    def chunks(self) -> Iterator[Rows]:
        return read_rows(self.path, 2, self.room) if self.path.exists() else iter(())

    def replace(self, chunks: Iterable[Rows]) -> None:
        """Hold other rows, made from those that it holds now."""
        new = _Spool(self.path.with_suffix(".new"), self.room)
        for chunk in chunks:
            new.append(chunk)
        new.path.replace(self.path)

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
