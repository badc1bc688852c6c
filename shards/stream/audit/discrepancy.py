"""What a wrong digest says: which one thing, too much or too little, would explain it.

A digest is a sum of marks, so that the difference between what a rank logged and what it should have consumed is the
sum of what came too often, less the sum of what is missing. Whatever single thing has this difference, a step's rows, a
sample, the rows of another rank, is what happened, but for a chance of 2^-64 for each thing that is tried.
"""

import numpy as np

from ...base.counts import counted
from ..delivery.digest import minus
from .closed_form import Layout, Locates, batch_marks, step_digests

_LONGEST = 1 << 22
"""Positions of a stretch in which a single sample is looked for."""


def explain(order: Locates, layout: Layout, rank: int, start: int, stop: int, difference: int) -> str:
    """Say what a rank consumed instead of what it should have.

    Args:
        order: The order.
        layout: How batches were dealt.
        rank: Which rank.
        start: The position at which the stretch begins.
        stop: That at which it ends.
        difference: The digest found less the digest expected, modulo 2^64.

    Returns:
        A sentence without its end.
    """
    steps = np.concatenate([digests for _, digests in step_digests(order, layout, start, stop)])
    own = {int(digest): number for number, digest in enumerate(steps[:, rank].tolist())}
    total = int(steps[:, rank].sum(dtype=np.uint64))
    for other in range(layout.world_size):
        if other != rank and minus(int(steps[:, other].sum(dtype=np.uint64)), total) == difference:
            return f"it consumed the rows of rank {other} instead of its own"
    if minus(0, total) == difference:
        return "it consumed nothing of it"
    size = layout.batch_size
    if (number := own.get(difference)) is not None:
        return f"{_batch(start, number, size)} was consumed twice"
    if (number := own.get(minus(0, difference))) is not None:
        return f"{_batch(start, number, size)} is missing"
    for digest, number in own.items():
        if (other_number := own.get(minus(digest, minus(0, difference)))) is not None and other_number != number:
            return f"{_batch(start, number, size)} is missing, and {_batch(start, other_number, size)} came twice"
    return _single(order, layout, rank, start, stop, difference)


def _single(order: Locates, layout: Layout, rank: int, start: int, stop: int, difference: int) -> str:
    size = layout.batch_size
    if stop - start <= _LONGEST:
        positions, found = batch_marks(order, size, start, (stop - start) // size)
        positions, found = positions[:, layout.rows(rank)], found[:, layout.rows(rank)]
        for target, what in ((difference, "was consumed twice"), (minus(0, difference), "is missing")):
            hit = np.flatnonzero(found.ravel() == np.uint64(target))
            if hit.size:
                position = int(positions.ravel()[hit[0]])
                number = int(order.locate(np.array([position])).id[0])
                return f"the sample {number:,} at position {position:,} {what}"
    return (
        f"more than one of its {counted((stop - start) // size, 'batch', 'batches')} was not consumed as it should be"
    )


def _batch(start: int, number: int, size: int) -> str:
    first = start + number * size
    return f"its part of the batch at position {first:,}"
