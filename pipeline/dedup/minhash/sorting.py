"""Sorting more rows than fit into memory: sorted runs on disk, merged."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.uint64]
"""uint64 (n, columns), ordered by the first column, then the second, and so on."""


FAN_IN = 64
"""Runs that are merged at a time: so many files are open, and a block of each is in memory."""


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
            runs.append(_write([held], folder / f"run-{len(runs):06d}"))
        held = in_order(piece)
    if held is None:
        return
    if not runs:
        yield held
        return
    runs.append(_write([held], folder / f"run-{len(runs):06d}"))
    columns = held.shape[1]
    del held
    turn = 0
    while len(runs) > FAN_IN:
        turn += 1
        groups = [runs[start : start + FAN_IN] for start in range(0, len(runs), FAN_IN)]
        runs = [
            _write(_merged(group, columns, room), folder / f"run-{turn}-{index:06d}")
            for index, group in enumerate(groups)
        ]
    yield from _merged(runs, columns, room)


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
    # Sorting one array of numbers is so much faster than sorting by several keys that the columns are made one number,
    # from the last to the first: the upper half is a column's rank, the lower that of all behind it.
    *before, key = rows.T
    for column in reversed(before):
        key = _ranks(column) << _HALF | _ranks(key)
    order = np.argsort(key)
    ordered, sorted_key = rows[order], key[order]
    fresh = np.ones(len(rows), bool)
    np.not_equal(sorted_key[1:], sorted_key[:-1], out=fresh[1:])
    return ordered[fresh]


def _ranks(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """How many different smaller values there are for each, uint64; below 2^32."""
    order = np.argsort(values)
    ordered = values[order]
    ranks = np.zeros(len(values), np.uint64)
    ranks[order[1:]] = np.cumsum(ordered[1:] != ordered[:-1], dtype=np.uint64)
    return ranks


_HALF = np.uint64(32)


def append_rows(path: Path, rows: Rows) -> None:
    """Write rows behind those that a file has."""
    with path.open("ab") as file:
        file.write(np.ascontiguousarray(rows).tobytes())


def read_rows(path: Path, columns: int, room: int) -> Iterator[Rows]:
    """The rows of a file, `room` at a time: read, not mapped, so that memory is what it seems to be."""
    with path.open("rb") as file:
        while len(values := np.fromfile(file, np.uint64, room * columns)):
            yield values.reshape(-1, columns)


def _write(chunks: Iterable[Rows], path: Path) -> Path:
    for rows in chunks:
        append_rows(path, rows)
    return path


def _merged(runs: list[Path], columns: int, room: int) -> Iterator[Rows]:
    """Merge sorted runs, each of which has rows; their files are removed."""
    blocks = [read_rows(path, columns, max(1, room // len(runs))) for path in runs]
    heads = {index: next(block) for index, block in enumerate(blocks)}
    while heads:
        # What lies behind a run's block is larger than the block's last row: up to the least of these all is known.
        limit = min(tuple(head[-1].tolist()) for head in heads.values())
        taken = []
        for index, head in list(heads.items()):
            count = _up_to(head, limit)
            taken.append(head[:count])
            rest = head[count:] if count < len(head) else next(blocks[index], None)
            if rest is None:
                del heads[index]
            else:
                heads[index] = rest
        yield in_order(np.concatenate(taken))
    for path in runs:
        path.unlink()


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
