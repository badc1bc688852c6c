"""The rows of a rank's batches, located some batches ahead: what numpy's calls cost is spread over several of them."""

from collections.abc import Iterator

from ..order.mixture import Mixture
from ..order.order import Order
from ..order.places import Places
from .cursor import Share

AHEAD = 16
"""Batches that are located in one call, at most."""
ENOUGH = 4096
"""Rows over which the cost of a call is spread well; no more batches are located at once than it takes to have them."""


def located_batches(order: Order | Mixture, share: Share, start: int, batches: int | None) -> Iterator[Places]:
    """Where the rows lie that a rank takes, batch after batch.

    Args:
        order: The order of the stream.
        share: What the rank takes.
        start: The position at which the first batch begins.
        batches: How many batches; None for no end.
    """
    size = share.batch_size
    at_once = max(1, min(AHEAD, ENOUGH * share.rank.world_size // size))
    while batches is None or batches > 0:
        count = at_once if batches is None else min(at_once, batches)
        positions = share.positions(start, order.lanes, count)
        places = order.locate(positions.ravel())
        rows = positions.shape[1]
        for number in range(count):
            yield places[number * rows : (number + 1) * rows]
        start += count * size
        batches = None if batches is None else batches - count
