"""Columns of views of one's own, whose shape is known only when they are made."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.errors import UsageError
from headrace.shards.format.packed import Empty

from .own.base import OwnView

Made = Sequence[NDArray[Any]]


def own_views(view: OwnView, pixels: NDArray[np.uint8], rng: np.random.Generator) -> Made:
    """A sample's views of a kind, each by a generator of its own: however much one draws, no other becomes another."""
    return [
        view(pixels, np.random.Generator(np.random.Philox(key=rng.integers(2**64, size=2, dtype=np.uint64))))
        for _ in range(view.count)
    ]


def own_column(view: OwnView, made: Sequence[Made], empty: Empty) -> NDArray[Any]:
    """The views of one kind of n samples, at least one, as an array (n, count, ...).

    Raises:
        UsageError: They are not of one shape and dtype.
    """
    first = made[0][0]
    for each in (each for sample in made for each in sample):
        if (each.shape, each.dtype) != (first.shape, first.dtype):
            raise UsageError(
                f"the view '{view.name}' is not of one shape for all pictures",
                found=f"{first.dtype} {first.shape} and {each.dtype} {each.shape}",
                expected="one shape and dtype, whatever the picture's size",
                remedy="End it with a crop or a scaling to a fixed size",
            )
    column = empty((len(made), view.count, *first.shape), first.dtype)
    for row, sample in enumerate(made):
        for number, each in enumerate(sample):
            column[row, number] = each
    return column
