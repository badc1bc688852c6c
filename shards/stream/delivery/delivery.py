"""Handing batches over: what a state, a digest, a budget and a clock must hear of each, whoever prepared it.

Batches are prepared ahead, but nothing counts before it is handed over: the cursor, the digest and the replacements
name what was delivered, and none of what waits in a queue.
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...base.errors import UsageError
from ...format.packed import Empty
from ...format.spent import metering, spent
from ..sources.reading import Notes, Reading
from ..sources.replacement import Instead, Replacement
from .budget import Budget
from .collate import Batcher
from .cursor import Cursor, Resumable, Share
from .digest import digest, plus
from .stalls import Clock, Waits

if TYPE_CHECKING:
    from ..stream import Stream

_AT_ONCE = 32
"""Batches whose digest is computed in one go."""


class Delivery(NamedTuple):
    """A batch with the notes of its preparation; a tuple, which torch pins field by field."""

    batch: Any
    notes: Notes


def collated(
    stream: "Stream", reading: Reading, batcher: Batcher, empty: Empty = np.empty, instead: Instead | None = None
) -> Delivery:
    """Transform the samples that were read, and put them together.

    Args:
        stream: What they are of.
        reading: The samples.
        batcher: Puts them together.
        empty: What allocates the columns that a transform makes.
        instead: Where else to look for a sample that the transform refuses, see `Stream.transformed`.
    """
    with metering() as meter, spent("collate"):
        found, notes = stream.transformed(reading, instead, empty)
        batch = batcher(found)
    return Delivery(batch, notes.after(meter.seconds))


class Consumption:
    """What a process was handed over since it began, or since it was last restored from a state.

    Attributes:
        start: The position at which that was.
        samples: How many samples.
        replaced: The damaged ones among them, and what was read instead.
    """

    def __init__(self, start: int) -> None:
        self.start = start
        self.samples = 0
        self.replaced: list[Replacement] = []
        self._digest = 0
        self._recent: list[Notes] = []

    def add(self, notes: Notes) -> None:
        """Count a batch that is handed over."""
        self.samples += len(notes.ids)
        self.replaced += notes.replaced
        self._recent.append(notes)
        if len(self._recent) == _AT_ONCE:
            self._fold()

    @property
    def digest(self) -> int:
        """The digest of the samples, see `digest`."""
        self._fold()
        return self._digest

    def _fold(self) -> None:
        # Many batches at once: small arrays cost mostly calls.
        recent, self._recent = self._recent, []
        if recent:
            positions, ids = (
                np.concatenate(arrays) for arrays in zip(*((n.positions, n.ids) for n in recent), strict=True)
            )
            self._digest = plus(self._digest, digest(positions, ids))


class Deliverer(Resumable):
    """What hands over the batches of one rank, and keeps account of them.

    Args:
        stream: What is read.
        share: What is taken of it.
        start: A state to continue from; None begins at position 0.

    Raises:
        StateError: `start` belongs to another stream.
    """

    def __init__(self, stream: "Stream", share: Share, start: Mapping[str, Any] | None) -> None:
        super().__init__(Cursor(stream.fingerprint(), stream.samples, share, start, stream.order.counts))
        stream.refuse_small_cache(share)
        self.share = share
        self._stream = stream
        self.consumed = Consumption(self._cursor.state.position)
        self._budget = Budget(stream.tolerated)
        self._clock = Clock()

    @property
    def replaced(self) -> tuple[Replacement, ...]:
        """The damaged samples of this rank since it began, or was last restored, and what was read instead."""
        return tuple(self.consumed.replaced)

    @property
    def digest(self) -> int:
        """The digest (see `digest`) of the samples of this rank since it began, or was last restored."""
        return self.consumed.digest

    def waits(self) -> Waits:
        """What this process' time was spent on since the last call, or since its first batch was asked for."""
        return self._clock.lap()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a state at the next iteration; one that runs is over.

        Raises:
            StateError: The state belongs to another stream.
        """
        super().load_state_dict(state)
        self.consumed = Consumption(self._cursor.state.position)

    def reweight(self, weights: Mapping[str, float]) -> None:
        """Mix the sources by other weights from the next multiple of 1000 * lanes positions on (see `mixing`).

        All ranks must ask for it after the same batch. An iteration may go on: what was prepared ahead of it is
        prepared anew. The state knows of the change; a stream that is opened with the weights that this one was
        opened with continues with the changed ones.

        Args:
            weights: One for each source, by name.

        Raises:
            UsageError: The stream is no mixture, a source is missing or unknown, or a weight is not positive.
        """
        self._cursor.reweight(self._stream.counts(weights))

    @abstractmethod
    def _deliveries(self, stream: "Stream") -> Iterator[Delivery]:
        """The batches of an iteration, from where the cursor stands, under the weights of a stream."""

    def _begin(self) -> Iterator[Delivery]:
        self._stream = self._stream.under(self._cursor.state.asked)
        return self._deliveries(self._stream)

    def __iter__(self) -> Iterator[Any]:
        """The batches of an iteration, each counted as it is handed over."""
        self._clock.begin()
        deliveries, changes, reading_ahead = self._begin(), self._cursor.state.changes, False
        position, end = self._cursor.state.position, self._cursor.end
        with ExitStack() as ahead:
            while True:
                if self._cursor.state.position != position:
                    raise _overtaken(position, self._cursor.state.position)
                if self._cursor.state.changes is not changes:
                    if position == end:
                        return
                    ahead.close()
                    deliveries, changes, reading_ahead = self._begin(), self._cursor.state.changes, False
                asked = perf_counter()
                delivery = next(deliveries, None)
                if delivery is None:
                    return
                batch, notes = delivery
                self._clock.waited(perf_counter() - asked, notes.seconds)
                self._budget.take(len(notes.ids), notes.replaced)
                self.consumed.add(notes)
                self._cursor.advance()
                position = self._cursor.state.position
                if not reading_ahead:
                    # Only now: the first batch shall have the network to itself.
                    ahead.enter_context(self._stream.ahead(self.share, lambda: self._cursor.state.position, end))
                    reading_ahead = True
                yield batch


def _overtaken(position: int, found: int) -> UsageError:
    return UsageError(
        "this iteration is over: a state was loaded, or another iteration was begun, since its last batch",
        found=f"position {found:,}",
        expected=f"position {position:,}",
        remedy="Take one iteration at a time, and a new one after `load_state_dict`",
    )
