"""Batches without torch: the endless stream, and one finite pass."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .batch import Rank, check_batch_size, pass_batches, pass_rows
from .collate import Collate
from .cursor import Cursor, Resumable, Share

if TYPE_CHECKING:
    from .stream import Stream

AHEAD = 16
"""Batches that are located in one call, over which the cost of numpy's calls is spread."""


class Batches(Resumable):
    """The endless batches of one rank, in this process.

    Each iteration goes on where the last one stopped. `state_dict()` counts the batch handed over last as delivered.

    Args:
        stream: What is read.
        share: What is taken of it.
        collate: Puts samples together.
        start: A state to continue from; None begins at position 0.

    Raises:
        StateError: `start` belongs to another stream.
    """

    def __init__(self, stream: "Stream", share: Share, collate: Collate, start: Mapping[str, Any] | None) -> None:
        super().__init__(Cursor(stream.fingerprint(), stream.samples, share, start))
        self._stream, self._share, self._collate = stream, share, collate

    def __iter__(self) -> Iterator[Any]:
        remaining = self._cursor.remaining
        while remaining is None or remaining > 0:
            count = AHEAD if remaining is None else min(AHEAD, remaining)
            remaining = None if remaining is None else remaining - count
            yield from self._stretch(count)

    def _stretch(self, count: int) -> Iterator[Any]:
        first, size, lanes = self._cursor.state.position, self._share.batch_size, self._stream.order.lanes
        positions = [self._share.positions(first + number * size, lanes) for number in range(count)]
        places = self._stream.order.locate(np.concatenate(positions))
        rows = len(positions[0])
        for number in range(count):
            batch = self._collate(self._stream.read_places(places[number * rows : (number + 1) * rows]))
            self._cursor.advance()
            yield batch


class FinitePass:
    """Every sample once, dealt to the ranks (see `batch`): pairs of a batch and of which of its rows are real.

    Attributes:
        padded: Rows of this rank in all batches that only fill up.
    """

    def __init__(self, stream: "Stream", batch_size: int, rank: Rank, collate: Collate) -> None:
        check_batch_size(batch_size, rank)
        self._stream, self._batch_size, self._rank, self._collate = stream, batch_size, rank, collate
        whole, rest = divmod(stream.samples, batch_size)
        real = whole * self._held(batch_size) + self._held(rest)
        self.padded = len(self) * -(-batch_size // rank.world_size) - real

    def __len__(self) -> int:
        return pass_batches(self._stream.samples, self._batch_size)

    def __iter__(self) -> Iterator[tuple[Any, NDArray[np.bool_]]]:
        for number in range(len(self)):
            ids, mask = pass_rows(self._stream.samples, self._batch_size, number, self._rank)
            samples = self._stream.read_places(self._stream.order.listed(ids))
            yield self._collate(samples), mask

    def _held(self, rows: int) -> int:
        return len(range(rows)[self._rank.rows(rows)])
