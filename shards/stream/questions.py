"""Which samples a step of a run held, computed from the closed form: nothing was logged, nothing is read but keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base.errors import UsageError
from .delivery.state import StreamState, begin, restore
from .order.batch import batch_positions
from .order.places import Places
from .stream import Stream


@dataclass(frozen=True)
class Visit:
    """One sample, read at one position.

    Attributes:
        position: Position in the stream.
        epoch: Number of the epoch.
        source: The source's name in a mixture.
        shard: The shard's name.
        row: Row in the shard, or number of the window.
        id: The sample's `__id__`.
        key: The sample's `__key__`.
    """

    position: int
    epoch: int
    source: str
    shard: str
    row: int
    id: int
    key: str


@dataclass(frozen=True)
class StepAnswer:
    """The global batch of one step.

    Attributes:
        step: Number of the step, from 0.
        position: Position at which it begins.
        batch_size: Rows of the global batch.
        visits: What was read, in the order of the rows.
    """

    step: int
    position: int
    batch_size: int
    visits: tuple[Visit, ...]


def samples_of_step(
    stream: Stream, step: int, batch_size: int | None = None, state: Mapping[str, Any] | None = None
) -> StepAnswer:
    """Say which samples were, or will be, in a step.

    Args:
        stream: The stream, with the settings of the run.
        step: Number of the step, from 0; the batch that a loader hands over first is step 0.
        batch_size: The global batch size of the run, when neither it nor the weights of a mixture ever changed.
        state: Any later state of the run, which knows all its batch sizes and weights.

    Raises:
        StateError: The state belongs to another stream.
        UsageError: Neither or both of `batch_size` and `state` are given, or the step is negative.
    """
    if step < 0:
        raise UsageError("there is no such step", found=str(step), expected="0 or more")
    run = _run(stream, batch_size, state)
    position, size = run.position_of(step)
    places = stream.order.under(run.asked).locate(batch_positions(position, size, stream.order.lanes))
    return StepAnswer(step, position, size, visits(stream, places))


def visits_of_sample(stream: Stream, number: int, epochs: int) -> tuple[Visit, ...]:
    """Say when a sample is read in each of the first epochs of its source.

    Args:
        stream: The stream, with the settings of the run; `Stream.under` brings in changes of weights.
        number: The sample's `__id__`.
        epochs: How many epochs to look at.

    Raises:
        UsageError: There is no such sample.
    """
    if not 0 <= number < stream.samples:
        raise UsageError("there is no such sample", found=f"id {number}", expected=f"0 to {stream.samples - 1}")
    listed = stream.order.listed(np.array([number]))
    positions = [stream.order.find(epoch, listed.shard, listed.row) for epoch in range(epochs)]
    return visits(stream, stream.order.locate(np.concatenate(positions)))


def visits(stream: Stream, places: Places) -> tuple[Visit, ...]:
    """Describe places by the names of their shards and the keys of their samples."""
    columns = (places.position, places.epoch, places.source, places.shard, places.row, places.id)
    return tuple(
        Visit(position, epoch, stream.names[source], stream.shards[shard].name, row, number, stream.key(shard, row))
        for position, epoch, source, shard, row, number in zip(*(column.tolist() for column in columns), strict=True)
    )


def _run(stream: Stream, batch_size: int | None, state: Mapping[str, Any] | None) -> StreamState:
    if state is not None and batch_size is None:
        return restore(state, stream.fingerprint())
    if state is None and batch_size is not None and batch_size > 0:
        return begin(stream.fingerprint(), batch_size, stream.order.counts)
    raise UsageError(
        "a step has a meaning together with the run's batch size",
        found=f"batch_size={batch_size}, state {'not ' if state is None else ''}given",
        expected="the batch size, or a saved state, and not both",
    )
