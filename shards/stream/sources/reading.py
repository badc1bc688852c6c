"""From places to transformed samples, with notes of what happened on the way."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...format.spent import metering, spent
from ..order.places import Places
from .columns import Columns, Found, Sample
from .replacement import Instead, Read, Replacement, read_sound


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
        """These notes after more was spent, on other things than before."""
        return replace(self, seconds={**self.seconds, **seconds})


@dataclass(frozen=True)
class Reading:
    """Samples that were read together.

    Attributes:
        found: As they were read, side by side, or, one by one, as the transform returned them.
        notes: What happened on the way.
    """

    found: Found
    notes: Notes

    @property
    def samples(self) -> list[Any]:
        """One by one, in the order asked for."""
        return self.found.rows() if isinstance(self.found, Columns) else self.found


def read_all(places: Places, read: Read, instead: Instead, transform: Callable[[Sample], Any] | None) -> Reading:
    """Read and transform the samples at some places, replacing those that are damaged.

    Args:
        places: Where they lie.
        read: Reads samples.
        instead: Where to look instead of a damaged one.
        transform: What is done with each.

    Raises:
        CorruptSampleError: A sample is damaged, and so is everything that could be read instead.
        ShardError: A shard is missing, or not that of the manifest.
    """
    found: Found
    with metering() as meter:
        with spent("disk"):
            found, really, replaced = read_sound(read, places, instead)
        if transform is not None:
            with spent("transform"):
                found = [transform(sample) for sample in found.rows()]
    return Reading(found, Notes(really.position, really.id, tuple(replaced), meter.seconds))
