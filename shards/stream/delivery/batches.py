"""Batches without torch: the endless stream, and one finite pass."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..order.batch import Rank, check_batch_size, pass_batches, pass_rows
from ..order.places import Places
from ..sources.replacement import Instead, Replacement
from .budget import Budget
from .collate import Batcher
from .cursor import Share
from .delivery import Deliverer, Delivery, collated
from .located import located_batches
from .memory import Memory
from .reading_ahead import readings

if TYPE_CHECKING:
    from ..stream import Stream


class Batches(Deliverer):
    """The endless batches of one rank, in this process.

    Each iteration goes on where the last one stopped; one at a time. `state_dict()` counts the batch handed over last
    as delivered.

    Args:
        stream: What is read.
        share: What is taken of it.
        batcher: Puts samples together.
        start: A state to continue from; None begins at position 0.

    Raises:
        StateError: `start` belongs to another stream.
    """

    def __init__(self, stream: "Stream", share: Share, batcher: Batcher, start: Mapping[str, Any] | None) -> None:
        super().__init__(stream, share, start)
        self._batcher, self._memory = batcher, Memory()

    def _deliveries(self, stream: "Stream") -> Iterator[Delivery]:
        located = located_batches(stream.order, self.share, self._cursor.state.position, self._cursor.remaining)
        for reading in readings(stream, located, self._memory.empty):
            yield collated(stream, reading, self._batcher, self._memory.empty)


class FinitePass:
    """Every sample once, dealt to the ranks (see `batch`): pairs of a batch and of which of its rows are real.

    Of a pass over the first samples only, all others are left out, as if there were none.

    A damaged sample has a row that is not real, as those that fill up, with another sample of its batch in it.

    Attributes:
        padded: Rows of this rank in all batches that only fill up.
        replaced: The damaged samples of the last iteration, and what stands in their rows.
    """

    def __init__(self, stream: "Stream", batch_size: int, rank: Rank, batcher: Batcher, samples: int | None) -> None:
        check_batch_size(batch_size, rank)
        self._stream, self._batch_size, self._rank, self._batcher = stream, batch_size, rank, batcher
        self._samples = stream.samples if samples is None else min(samples, stream.samples)
        whole, rest = divmod(self._samples, batch_size)
        real = whole * self._held(batch_size) + self._held(rest)
        self.replaced: list[Replacement] = []
        self.padded = len(self) * -(-batch_size // rank.world_size) - real

    def __len__(self) -> int:
        return pass_batches(self._samples, self._batch_size)

    def __iter__(self) -> Iterator[tuple[Any, NDArray[np.bool_]]]:
        self.replaced = []
        budget = Budget(self._stream.tolerated)
        for number in range(len(self)):
            ids, mask = pass_rows(self._samples, self._batch_size, number, self._rank)
            places = self._stream.order.listed(ids)
            others = _others(places)
            reading = self._stream.fetch(places, others)
            batch, notes = collated(self._stream, reading, self._batcher, instead=others)
            replaced = notes.replaced
            budget.take(len(places), replaced)
            self.replaced += replaced
            yield batch, mask & ~np.isin(ids, [each.bad for each in replaced])

    def _held(self, rows: int) -> int:
        return len(range(rows)[self._rank.rows(rows)])


def _others(places: Places) -> Instead:
    """The places of a batch, any of which may stand where one of them is damaged."""
    return lambda position, attempts: places[:attempts]
