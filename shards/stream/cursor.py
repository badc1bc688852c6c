"""Where a run of batches stands, and where an iteration over it ends.

A cursor moves only when a batch is handed over, however many were prepared ahead, so that its state names what was
delivered. An iteration without bound is endless. One bounded by `steps` ends when the number of the step is next a
multiple of `steps`; one bounded by `epochs`, with the batch in which the position next reaches a multiple of `epochs`
times the samples of an epoch. So a run that was stopped midway and restored finishes the same stretch, and the next
iteration begins the next one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..base.errors import UsageError
from .state import Fingerprint, begin, restore


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


class Cursor:
    """The state of a run and its moves.

    Args:
        fingerprint: That of the stream.
        total: Samples in an epoch.
        batch_size: G.
        bound: How long an iteration is.
        start: A state to continue from; None begins at position 0.

    Raises:
        StateError: `start` belongs to another stream.
        UsageError: `batch_size` is below 1.
    """

    def __init__(
        self, fingerprint: Fingerprint, total: int, batch_size: int, bound: Bound, start: Mapping[str, Any] | None
    ) -> None:
        if batch_size < 1:
            raise UsageError("a batch has no row", found=f"batch_size={batch_size}", expected="at least 1")
        self._fingerprint, self._total, self._batch_size, self._bound = fingerprint, total, batch_size, bound
        self.state = begin(fingerprint, batch_size)
        if start is not None:
            self.load_state_dict(start)

    def advance(self) -> None:
        """Note that a batch was handed over."""
        self.state = self.state.advanced()

    @property
    def remaining(self) -> int | None:
        """Batches until the iteration ends; None when it does not."""
        if self._bound.steps is not None:
            return self._bound.steps - self.state.step % self._bound.steps
        if self._bound.epochs is not None:
            stretch = self._bound.epochs * self._total
            return -(-(stretch - self.state.position % stretch) // self._batch_size)
        return None

    def state_dict(self) -> dict[str, Any]:
        """The state as plain JSON data: what was delivered so far, with the batch handed over last."""
        return self.state.model_dump(mode="json")

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from a state; the batch size, ranks and workers may be others than when it was saved.

        Raises:
            StateError: The state belongs to another stream.
        """
        self.state = restore(state, self._fingerprint).resized(self._batch_size)
