"""From places to samples, with notes of what happened on the way."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...base.errors import CorruptSampleError
from ...format.spent import metering, spent
from ..order.places import Places
from .columns import Columns, Found, exchanged
from .replacement import DamagedRowsError, F, Instead, Read, Replacement, read_instead, read_sound


@dataclass(frozen=True)
class Notes:
    """What happened while a batch was prepared; small, since it travels with the batch.

    Attributes:
        positions: int64 array of shape (n,): where in the stream samples were read.
        ids: int64 array of shape (n,): the samples that really were, by number.
        replaced: Damaged samples, and what was read instead.
        seconds: What was spent on them, by cause, see `stalls`.
    """

    positions: NDArray[np.int64]
    ids: NDArray[np.int64]
    replaced: tuple[Replacement, ...]
    seconds: Mapping[str, float]

    def after(self, seconds: Mapping[str, float]) -> "Notes":
        """These notes after more was spent."""
        both = dict(self.seconds)
        for cause, more in seconds.items():
            both[cause] = both.get(cause, 0.0) + more
        return Notes(self.positions, self.ids, self.replaced, both)

    def part(self, rows: slice, seconds: Mapping[str, float]) -> "Notes":
        """The notes of some of the samples, on which so much was spent."""
        positions = self.positions[rows]
        replaced = self.replaced and tuple(each for each in self.replaced if each.position in positions)
        return Notes(positions, self.ids[rows], replaced, seconds)


@dataclass(frozen=True)
class Reading:
    """Samples that were read together.

    Attributes:
        found: As they were read, side by side.
        asked: Where they were looked for first.
        notes: What happened on the way.
    """

    found: Columns
    asked: Places
    notes: Notes

    def parts(self, count: int) -> "list[Reading]":
        """As so many readings of as many samples each; what was spent on all of them was spent before the first."""
        edges = range(0, len(self.asked) + 1, len(self.asked) // count)
        rows = [slice(*each) for each in pairwise(edges)]
        spent_on = [self.notes.seconds, *[{}] * (count - 1)]
        parts = zip(rows, spent_on, strict=True)
        return [
            Reading(self.found.part(each), self.asked[each], self.notes.part(each, seconds)) for each, seconds in parts
        ]


def read_all(
    places: Places, read: Read[F], instead: Instead, error: CorruptSampleError | None = None
) -> tuple[F, Notes]:
    """Read the samples at some places, replacing those that are damaged, and note what happened.

    Args:
        places: Where they lie.
        read: Reads samples.
        instead: Where to look instead of a damaged one.
        error: What `read` raised over these places, where that is known already.

    Raises:
        CorruptSampleError: A sample is damaged, and so is everything that could be read instead.
        ShardError: A shard is missing, or not that of the manifest.
    """
    with metering() as meter, spent("disk"):
        found, really, replaced = read_sound(read, places, instead, error)
    return found, Notes(really.position, really.id, tuple(replaced), meter.seconds)


def read_others(reading: Reading, read: Read[Found], instead: Instead, error: DamagedRowsError) -> tuple[Found, Notes]:
    """Replace the samples that a transform refused, and leave what it made of the others.

    Args:
        reading: The samples.
        read: Reads and transforms samples.
        instead: Where to look instead of one that is refused.
        error: What the transform raised over them.

    Raises:
        CorruptSampleError: A sample is refused, and so is everything that could be read instead.
        ShardError: A shard is missing, or not that of the manifest.
    """
    others, ids, by_position = {}, reading.notes.ids.copy(), {each.position: each for each in reading.notes.replaced}
    with metering() as meter, spent("disk"):
        for row, damage in error.rows.items():
            others[row], place, replacement = read_instead(read, reading.asked[row : row + 1], instead, damage)
            ids[row], by_position[replacement.position] = place.id[0], replacement
    positions = reading.notes.positions
    replaced = tuple(by_position[position] for position in positions.tolist() if position in by_position)
    notes = Notes(positions, ids, replaced, meter.seconds)
    return exchanged(error.made, others), notes.after(reading.notes.seconds)
