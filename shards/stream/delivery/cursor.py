"""What one rank takes of a stream, where it stands, and where an iteration ends.

A cursor moves only when a batch is handed over, however many were prepared ahead, so that its state names what was
delivered. An iteration without bound is endless. One bounded by `steps` ends when the number of the step is next a
multiple of `steps`; one bounded by `epochs`, with the batch in which the position next reaches a multiple of `epochs`
times the samples of an epoch. So a run that was stopped midway and restored finishes the same stretch, and the next
iteration begins the next one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...base.errors import UsageError
from ..order.batch import Rank, batches_positions, check_batch_size
from .state import SINGLE, Counts, Fingerprint, begin, restore


@dataclass(frozen=True)
class Bound:
    """How long an iteration is: `steps` batches, `epochs` epochs, or, with neither, endless.

    Raises:
        UsageError: Both are given, or one is below 1.
    """

    steps: int | None = None
    epochs: int | None = None

    def __post_init__(self) -> None:
        given = [value for value in (self.steps, self.epochs) if value is not None]
        if len(given) > 1 or any(value < 1 for value in given):
            raise UsageError(
                "an iteration is bounded by `steps` or by `epochs`",
                found=f"steps={self.steps}, epochs={self.epochs}",
                expected="at most one of them, at least 1",
            )


@dataclass(frozen=True)
class Share:
    """What one rank takes of a stream.

    Args:
        batch_size: G, the rows of a global batch.
        rank: Whose rows of it.
        bound: How long an iteration is.

    Raises:
        UsageError: The batch is smaller than the number of ranks.
    """

    batch_size: int
    rank: Rank
    bound: Bound

    def __post_init__(self) -> None:
        check_batch_size(self.batch_size, self.rank)

    def positions(self, start: int, lanes: int, count: int) -> NDArray[np.int64]:
        """This rank's rows of successive global batches from position `start` on: int64 array (count, rows)."""
        return batches_positions(start, self.batch_size, lanes, count)[:, self.rank.rows(self.batch_size)]


class Cursor:
    """The state of a run and its moves.

    Args:
        fingerprint: That of the stream.
        total: Samples in an epoch.
        share: What is taken.
        start: A state to continue from; None begins at position 0.
        counts: Those of the stream's sources out of 1000.

    Raises:
        StateError: `start` belongs to another stream.
    """

    def __init__(
        self,
        fingerprint: Fingerprint,
        total: int,
        share: Share,
        start: Mapping[str, Any] | None,
        counts: Counts = SINGLE,
    ) -> None:
        self._fingerprint, self._total, self._share, self._counts = fingerprint, total, share, counts
        self.state = begin(fingerprint, share.batch_size, counts)
        if start is not None:
            self.load_state_dict(start)

    def advance(self) -> None:
        """Note that a batch was handed over."""
        self.state = self.state.advanced()

    @property
    def remaining(self) -> int | None:
        """Batches until the iteration ends; None when it does not."""
        bound = self._share.bound
        if bound.steps is not None:
            return bound.steps - self.state.step % bound.steps
        if bound.epochs is not None:
            stretch = bound.epochs * self._total
            return -(-(stretch - self.state.position % stretch) // self._share.batch_size)
        return None

    @property
    def end(self) -> int | None:
        """The position at which the iteration ends; None when it does not."""
        remaining = self.remaining
        return None if remaining is None else self.state.position + remaining * self._share.batch_size

    @property
    def length(self) -> int | None:
        """Batches of the whole stretch in which the cursor stands, those delivered too; None when it does not end."""
        bound, remaining = self._share.bound, self.remaining
        if remaining is None or bound.epochs is None:
            return bound.steps
        return remaining + self.state.position % (bound.epochs * self._total) // self._share.batch_size

    def state_dict(self) -> dict[str, Any]:
        """The state as plain JSON data: what was delivered so far, with the batch handed over last."""
        return self.state.model_dump(mode="json")

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a state; batch size, weights, ranks and workers may be others than when it was saved.

        Raises:
            StateError: The state belongs to another stream.
        """
        found = restore(state, self._fingerprint)
        self.state = found.resized(self._share.batch_size).reopened(self._counts)

    def reweight(self, counts: Counts) -> None:
        """Ask for other counts from here on."""
        self.state = self.state.reweighted(counts)


class Resumable:
    """What hands batches over from where its cursor stands, and can go on from there elsewhere."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def __len__(self) -> int:
        """Batches of a whole iteration, those delivered before too; a TypeError, as for a generator, if it is endless.

        Frameworks that go on in the middle of an iteration know what is behind them, and ask for the whole.
        """
        length = self._cursor.length
        if length is None:
            raise TypeError("endless batches have no number; bound them with `steps=` or `epochs=`")
        return length

    @property
    def step(self) -> int:
        """Batches delivered since the run began, whatever was stopped and continued meanwhile."""
        return self._cursor.state.step

    def state_dict(self) -> dict[str, Any]:
        """What was delivered so far, as plain JSON data."""
        return self._cursor.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a state at the next iteration.

        Raises:
            StateError: The state belongs to another stream.
        """
        self._cursor.load_state_dict(state)
