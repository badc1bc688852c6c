"""What is made of samples before they are put together: sample by sample, or a batch at a time.

What is drawn for the sample `id` in the epoch e of its source comes from the generator of `headrace.shards.base.rng`

    generator("headrace.transform", seed, source, e, id)            source: its name in a mixture, "main" otherwise

where ids count through all sources of a mixture, one after the other.

A transform that raises CorruptSampleError over a sample refuses it: it counts as damaged, and is replaced.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...base.errors import CorruptSampleError, UsageError
from ...base.generators import Generators
from ...format.packed import Empty
from ..order.order import MAIN
from .columns import Columns, Found, Sample
from .merged import SOURCE
from .replacement import DamagedRowsError

Transform = Callable[[Sample, np.random.Generator], Any]
"""Makes of a sample what is batched."""


class BatchTransform(ABC):
    """Makes columns of a whole batch of samples, each written once, to where it is delivered."""

    encoded: Collection[str] = ()
    """The extensions of the fields that it takes as bytes, whatever the stream's codecs say. They are not delivered;
    all other fields are, beside the columns that are made."""

    @abstractmethod
    def __call__(self, samples: Sequence[Sample], rngs: Generators, empty: Empty) -> Mapping[str, NDArray[Any]]:
        """The columns of some samples, each of shape (n, ...).

        Args:
            samples: The n samples.
            rngs: Their generators. What a sample becomes must depend on the sample and its own generator alone.
            empty: What allocates the columns.

        Raises:
            DamagedRowsError: Some samples cannot be used; names all of them. With the columns of the others, they are
                not made again.
        """


Apply = Callable[[Columns, Empty], Found]
"""Transforms samples; raises DamagedRowsError where some are refused."""


def applied(transform: Transform | BatchTransform, seed: int) -> Apply:
    """What applies a transform to samples.

    Args:
        transform: The transform.
        seed: Of the stream.
    """
    if isinstance(transform, BatchTransform):
        return partial(_together, transform, seed)
    return partial(_one_by_one, transform, seed)


def _one_by_one(transform: Transform, seed: int, found: Columns, empty: Empty) -> list[Any]:
    samples, rngs = found.rows(), _generators(seed, found)
    made: list[Any] = []
    refused: dict[int, CorruptSampleError] = {}
    for row, sample in enumerate(samples):
        try:
            made.append(transform(sample, rngs[row]))
        except CorruptSampleError as error:
            refused[row] = error
            made.append(None)
        except Exception as error:
            number, epoch = found.fields["__id__"][row], found.fields["__epoch__"][row]
            error.add_note(f"raised by the transform of the sample {number} in epoch {epoch}")
            raise
    if refused:
        raise DamagedRowsError(refused, made)
    return made


def _together(transform: BatchTransform, seed: int, found: Columns, empty: Empty) -> Columns:
    try:
        made = transform(found.rows(), _generators(seed, found), empty)
    except DamagedRowsError as error:
        if error.made is None:
            raise
        raise DamagedRowsError(error.rows, _delivered(transform, found, error.made)) from error
    return _delivered(transform, found, made)


def _delivered(transform: BatchTransform, found: Columns, made: Mapping[str, NDArray[Any]]) -> Columns:
    kept = {name: column for name, column in found.fields.items() if not _ends(name, transform.encoded)}
    if taken := sorted(kept.keys() & made.keys()):
        raise UsageError(
            f"a transform makes a column that is called '{taken[0]}', as a field of the samples is",
            remedy="Give the column (of a view, its `name`) another name, or leave the field out with `fields=`",
        )
    absent = {name: lacking for name, lacking in found.absent.items() if name in kept}
    return Columns(found.size, {**kept, **made}, absent)


def _ends(field: str, extensions: Collection[str]) -> bool:
    return any(field == each or field.endswith(f".{each}") for each in extensions)


def _generators(seed: int, found: Columns) -> Generators:
    epochs, ids = (found.fields[name].tolist() for name in ("__epoch__", "__id__"))
    sources = found.fields.get(SOURCE, repeat(MAIN))
    return Generators.of(("headrace.transform", seed, *each) for each in zip(sources, epochs, ids, strict=False))
