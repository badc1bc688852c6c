"""Reading ahead of a rank into its shard cache: what it needs next, and whether the cache can hold it."""

import time
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from ..base.errors import UsageError
from ..cache.download import Needs, Wanted
from ..cache.settings import Cache
from ..format.urls import local_path
from .delivery.cursor import Share
from .order.lane_readers import lane_readers
from .order.mixture import Mixture
from .order.needs import peak, source_needs
from .order.order import Order
from .order.upcoming import Upcoming
from .shelves import Shelves

_SHARE = 10
"""A new answer is looked for when this many times as long has passed as the last one took."""


class Ahead:
    """The shards of stores elsewhere that a rank's node needs next, for a thread that asks again and again.

    Args:
        order: The order of the stream.
        shelves: Where its shards lie.
        share: What the rank takes.
        position: Says where it stands.
        end: The position at which the iteration ends; None when it does not.
        limit: Bytes beyond which nobody wants to know.
    """

    def __init__(
        self,
        order: Order | Mixture,
        shelves: Shelves,
        share: Share,
        position: Callable[[], int],
        end: int | None,
        limit: int,
    ) -> None:
        self._upcoming = Upcoming(order, node_lanes(share, order.lanes))
        self._shelves, self._position, self._end, self._limit = shelves, position, end, limit
        self._known = Needs((), 0)
        self._at, self._until = -1, 0.0

    def __call__(self) -> Needs:
        """The first of them that fit into the limit together, the soonest first."""
        began = time.monotonic()
        if (position := self._position()) != self._at and began >= self._until:
            found = list(self._within(self._upcoming.shards(position)))
            soon = sum(self._end is None or begin < self._end for _, begin in found)
            self._known = Needs(tuple(wanted for wanted, _ in found), soon)
            self._at, self._until = position, began + _SHARE * (time.monotonic() - began)
        return self._known

    def _within(self, shards: Iterator[tuple[int, int]]) -> Iterator[tuple[Wanted, int]]:
        room = self._limit
        for shard, begin in shards:
            wanted = self._shelves.wanted(shard)
            if local_path(wanted.place) is not None:
                continue
            room -= wanted.info.bytes
            if room < 0:
                return
            yield wanted, begin


def node_lanes(share: Share, lanes: int) -> NDArray[np.bool_]:
    """The lanes that are read by the ranks among which a rank's node deals its rows: bool array of shape (lanes,)."""
    rank = share.rank
    readers = lane_readers(share.batch_size, lanes, rank.world_size // rank.local_world)
    mine: NDArray[np.bool_] = readers[rank.rank // rank.local_world]
    return mine


def refuse_small(cache: Cache, order: Order | Mixture, sizes: NDArray[np.int64], share: Share) -> None:
    """Refuse a cache that cannot hold what a rank's node shuffles at one moment.

    Args:
        cache: The cache.
        order: The order of the stream.
        sizes: int64 array of shape (shards,): the bytes of each shard, 0 where it needs no cache.
        share: What the rank takes.

    Raises:
        UsageError: Its limit is below the working set.
    """
    lanes = node_lanes(share, order.lanes)
    ends = np.cumsum([each.sizes.size for each in order.orders])[:-1]
    parts = zip(source_needs(order), np.split(sizes, ends), strict=True)
    working_set = sum(peak(needs.of_lanes(lanes), size) for needs, size in parts)
    if cache.bytes < working_set:
        raise UsageError(
            f"the cache in {cache.path} is too small",
            found=f"a limit of {cache.bytes / 1e6:,.2f} MB",
            expected=f"at least {working_set / 1e6:,.2f} MB: the shards between which {int(lanes.sum())} lanes shuffle "
            "at one moment",
            remedy="Raise the limit, leave the cache out, or choose fewer lanes or shorter blocks, which are part of "
            "the order; `headrace stream URL --plan` tells the working set",
        )
