"""The state of a stream: a position and what it is a position in, as a few hundred bytes of JSON.

    {"version": 1,
     "fingerprint": {"manifest": "9f8c...", "order": 1, "seed": 0, "lanes": 64, "block": 512, "window": null},
     "position": 4096,
     "changes": [[0, 0, 256, [700, 300]], [12, 3072, 512, [700, 300]]],
     "opened": [700, 300]}

`position` is the number of samples delivered to all ranks together since the run began. The fingerprint names all
that the order depends on; batch size, ranks, workers and prefetch are not among it. `changes` says with which global
batch size, and which counts out of 1000 for each source of a mixture, the run went on from which step and position:
[step, position, batch size, counts]. So a step's number stays meaningful after a change of batch size:

    step of a position p   = step_c + (p - position_c) div G_c         with the last change c that has position_c <= p
    position of a step k   = position_c + (k - step_c) * G_c           with the last change c that has step_c <= k

Counts are noted where they are asked for; from which position on they apply follows from that, see `mixing`. `opened`
holds the counts of the stream that the run was begun or last continued with: a stream opened with others than these
changes the counts where it continues; one opened with the same leaves what a run has changed meanwhile as it is.

States are immutable. The version is that of this layout.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ...base.errors import StateError
from ..order.weights import WHOLE

Count = Annotated[int, Field(ge=0)]
Counts = tuple[Count, ...]
Fingerprint = dict[str, int | str | None]

SINGLE: Counts = (WHOLE,)
"""The counts of a single source."""


class Change(NamedTuple):
    """From `step` on, which began at `position`, batches of `batch_size` were taken."""

    step: Count
    position: Count
    batch_size: Annotated[int, Field(gt=0)]
    counts: Counts = SINGLE


class StreamState(BaseModel):
    """See the module."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    fingerprint: Fingerprint
    position: Count = 0
    changes: Annotated[tuple[Change, ...], Field(min_length=1)]
    opened: Counts = SINGLE

    @model_validator(mode="after")
    def _walked(self) -> "StreamState":
        if self.changes[0][:2] != (0, 0):
            raise ValueError("the first of the changes is not step 0 at position 0")
        ends = [*((change.step, change.position) for change in self.changes[1:]), (self.step, self.position)]
        for change, (step, position) in zip(self.changes, ends, strict=True):
            if step < change.step or position != change.position + (step - change.step) * change.batch_size:
                raise ValueError(f"batches of {change.batch_size} do not lead from {change.position} to {position}")
        for counts in (self.opened, *(change.counts for change in self.changes)):
            if sum(counts) != WHOLE or len(counts) != len(self.opened):
                raise ValueError(f"{list(counts)} are no counts out of {WHOLE} for {len(self.opened)} sources")
        return self

    @property
    def step(self) -> int:
        """How many batches were delivered."""
        last = self.changes[-1]
        return last.step + (self.position - last.position) // last.batch_size

    @property
    def batch_size(self) -> int:
        """The global batch size now."""
        return self.changes[-1].batch_size

    @property
    def counts(self) -> Counts:
        """The counts that were asked for last."""
        return self.changes[-1].counts

    @property
    def asked(self) -> tuple[tuple[int, Counts], ...]:
        """Which counts were asked for at which positions, the first one 0; see `mixing.stretches`."""
        return tuple((change.position, change.counts) for change in self.changes)

    def advanced(self) -> "StreamState":
        """The state one batch later."""
        return self.model_copy(update={"position": self.position + self.batch_size})

    def resized(self, batch_size: int) -> "StreamState":
        """The state from which batches of another size are taken."""
        return self._changed(batch_size, self.counts)

    def reweighted(self, counts: Counts) -> "StreamState":
        """The state from which on other counts are asked for."""
        return self._changed(self.batch_size, counts)

    def reopened(self, counts: Counts) -> "StreamState":
        """The state in a stream that was opened with these counts."""
        if counts == self.opened:
            return self
        return self.reweighted(counts).model_copy(update={"opened": counts})

    def _changed(self, batch_size: int, counts: Counts) -> "StreamState":
        if (batch_size, counts) == (self.batch_size, self.counts):
            return self
        # A change that no batch followed leaves no trace.
        past = tuple(change for change in self.changes if change.position < self.position)
        change = Change(self.step, self.position, batch_size, counts)
        if past and past[-1][2:] == change[2:]:
            return self.model_copy(update={"changes": past})
        return self.model_copy(update={"changes": (*past, change)})

    def position_of(self, step: int) -> tuple[int, int]:
        """The position at which a step, past or to come, begins, and its global batch size."""
        change = next(change for change in reversed(self.changes) if change.step <= step)
        return change.position + (step - change.step) * change.batch_size, change.batch_size


def begin(fingerprint: Fingerprint, batch_size: int, counts: Counts = SINGLE) -> StreamState:
    """The state of a run that has delivered nothing."""
    return StreamState(fingerprint=fingerprint, changes=(Change(0, 0, batch_size, counts),), opened=counts)


def restore(state: Mapping[str, Any], fingerprint: Fingerprint) -> StreamState:
    """Check a state against the stream that is to continue from it.

    Args:
        state: What `state_dict()` returned, perhaps by way of JSON.
        fingerprint: That of the stream.

    Raises:
        StateError: It is no state, or that of another stream; the message shows both sides.
    """
    try:
        found = StreamState.model_validate(dict(state) if isinstance(state, Mapping) else state)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise StateError(
            "this is not the state of a stream",
            found=f"{'.'.join(map(str, first['loc'])) or 'the whole'}: {first['msg'].removeprefix('Value error, ')}",
            expected="what `state_dict()` of version 1 returned",
            remedy="Give the state as it was saved, by the same version of headrace",
        ) from None
    differing = [name for name in {**found.fingerprint, **fingerprint} if _differ(name, found.fingerprint, fingerprint)]
    if differing:
        raise StateError(
            f"the state belongs to another stream: {', '.join(differing)} changed",
            found=_side(differing, fingerprint) + " in this stream",
            expected=_side(differing, found.fingerprint) + " in the state",
            remedy="Continue on the same shards with the same settings, or begin anew without the state",
        )
    return found


def _differ(name: str, some: Fingerprint, other: Fingerprint) -> bool:
    return name not in some or name not in other or some[name] != other[name]


def _side(names: list[str], fingerprint: Fingerprint) -> str:
    return ", ".join(f"{name} = {fingerprint.get(name, 'absent')}" for name in names)
