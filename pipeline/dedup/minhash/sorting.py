"""Sorting more rows than fit into memory: sorted runs on disk, merged."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.uint64]
"""uint64 (n, columns), ordered by the first column, then the second, and so on."""


def sorted_rows(chunks: Iterable[Rows], folder: Path, room: int) -> Iterator[Rows]:
    """All rows in order, each once, in chunks of at most about `room` rows.

    In memory there are a few times `room` rows, however many there are in all.

    Args:
        chunks: The rows, of any order, in pieces of any size.
        folder: For scratch files, which are removed once they have been read.
        room: Rows that are sorted at a time.
    """
    runs: list[Path] = []
    held: Rows | None = None
    for piece in regrouped(chunks, room):
        if held is not None:
            runs.append(_write(held, folder, len(runs)))
        held = in_order(piece)
    if held is None:
        return
    if not runs:
        yield held
        return
    runs.append(_write(held, folder, len(runs)))
    del held
    try:
        yield from _merged([np.load(path, mmap_mode="r") for path in runs], max(1, room // len(runs)))
    finally:
        for path in runs:
            path.unlink()


def regrouped(chunks: Iterable[Rows], room: int) -> Iterator[Rows]:
    """The same rows in chunks of `room`, but for the last."""
    waiting: list[Rows] = []
    count = 0
    for chunk in chunks:
        for start in range(0, len(chunk), room):
            piece = chunk[start : start + room]
            if count + len(piece) > room:
                whole = np.concatenate([*waiting, piece])
                yield whole[:room]
                waiting, count = [whole[room:]], len(whole) - room
            else:
                waiting.append(piece)
                count += len(piece)
    if count:
        yield np.concatenate(waiting)


def in_order(rows: Rows) -> Rows:
    """The different rows, sorted."""
    ordered = rows[np.lexsort(rows.T[::-1])]
    fresh = np.ones(len(ordered), bool)
    fresh[1:] = np.any(ordered[1:] != ordered[:-1], axis=1)
    return ordered[fresh]


def _write(rows: Rows, folder: Path, index: int) -> Path:
    path = folder / f"run-{index:06d}.npy"
    np.save(path, rows)
    return path


def _merged(runs: list[Rows], block: int) -> Iterator[Rows]:
    """Merge sorted runs, with about `block` rows of each in memory at a time."""
    positions = [0] * len(runs)
    while open_ := [index for index, run in enumerate(runs) if positions[index] < len(run)]:
        heads = {index: np.array(runs[index][positions[index] : positions[index] + block]) for index in open_}
        # What lies behind a run's block is larger than the block's last row: up to the least of these all is known.
        limit = min(tuple(head[-1].tolist()) for head in heads.values())
        taken = {index: _up_to(head, limit) for index, head in heads.items()}
        for index, count in taken.items():
            positions[index] += count
        yield in_order(np.concatenate([heads[index][:count] for index, count in taken.items()]))


def _up_to(rows: Rows, limit: tuple[int, ...]) -> int:
    """How many of the sorted rows are at or below a limit."""
    low, high = 0, len(rows)
    for column, value in enumerate(limit):
        part = rows[low:high, column]
        low, high = (
            low + int(np.searchsorted(part, np.uint64(value), "left")),
            low + int(np.searchsorted(part, np.uint64(value), "right")),
        )
    return high
