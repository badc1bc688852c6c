"""Which survivors have a band: in memory while they are few, in sorted files on disk beyond.

A log-structured index: new survivors wait in a dictionary; when there are many, they become a sorted file; files of
like size are merged, so that there are few to look into.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
from numpy.typing import NDArray

from .sorting import Rows, in_order, sorted_rows

WAITING = 1 << 18
"""Bands of survivors that wait in memory: some 60 MB as a dictionary."""

ROOM = 1 << 20
"""Rows that are merged at a time."""


class BandIndex:
    """Bands of the survivors of one component.

    Args:
        folder: For its files; it is not touched while all fits into memory. None: all is kept there.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._waiting: dict[int, list[int]] = {}
        self._count = 0
        self._levels: list[_Level] = []

    def add(self, owner: int, bands: NDArray[np.uint64]) -> None:
        """Add a survivor.

        Args:
            owner: Its place in the order of visits.
            bands: uint64 (bands,), the hashes of its bands.
        """
        for band in bands.tolist():
            self._waiting.setdefault(band, []).append(owner)
        self._count += len(bands)
        if self._folder is not None and self._count >= WAITING:
            self._spill(self._folder)

    def owners(self, bands: NDArray[np.uint64]) -> list[int]:
        """The survivors that have one of the bands, in the order of their visits."""
        found = {owner for band in bands.tolist() for owner in self._waiting.get(band, ())}
        for level in self._levels:
            found.update(level.owners(bands))
        return sorted(found)

    def _spill(self, folder: Path) -> None:
        rows = [(band, owner) for band, owners in self._waiting.items() for owner in owners]
        level = _Level([in_order(np.array(rows, np.uint64))], folder)
        self._waiting, self._count = {}, 0
        while self._levels and len(self._levels[-1]) <= 2 * len(level):
            both = (chunk for each in (self._levels.pop(), level) for chunk in each.chunks())
            level = _Level(sorted_rows(both, folder, ROOM), folder)
        self._levels.append(level)


class _Level:
    """Rows (band, owner), sorted, mapped from two files that have no name any more: they end with this object."""

    def __init__(self, chunks: Iterable[Rows], folder: Path) -> None:
        with TemporaryFile(dir=folder) as bands, TemporaryFile(dir=folder) as owners:
            for rows in chunks:
                bands.write(rows[:, 0].tobytes())
                owners.write(rows[:, 1].tobytes())
            bands.flush()
            owners.flush()
            self._bands = np.memmap(bands, np.uint64, "r")
            self._owners = np.memmap(owners, np.uint64, "r")

    def __len__(self) -> int:
        return len(self._bands)

    def chunks(self) -> Iterator[Rows]:
        for start in range(0, len(self), ROOM):
            yield np.column_stack([self._bands[start : start + ROOM], self._owners[start : start + ROOM]])

    def owners(self, bands: NDArray[np.uint64]) -> list[int]:
        starts = np.searchsorted(self._bands, bands, "left").tolist()
        stops = np.searchsorted(self._bands, bands, "right").tolist()
        return [each for start, stop in zip(starts, stops, strict=True) for each in self._owners[start:stop].tolist()]
