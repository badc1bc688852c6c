"""Where the shards of a stream lie, by the numbers that the order gives them, and whether they are at hand."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from ..cache.download import Wanted
from ..format.index import index_name
from ..format.manifest import folder_of
from ..format.store import Store
from ..format.urls import join, local_path
from .members import Member


class Shelves:
    """The shards of all members of a stream, numbered member after member.

    Args:
        members: The sets of shards.
        store: How their files are reached.
    """

    def __init__(self, members: Sequence[Member], store: Store) -> None:
        self._members, self._store = tuple(members), store
        self._first = list(accumulate((len(member.manifest.shards) for member in members), initial=0))[:-1]
        self.elsewhere = any(map(_is_far, members))
        """Whether there are shards that are not on this machine."""

    def wanted(self, shard: int) -> Wanted:
        """Where a shard and its index lie, and what the manifest says of it."""
        number = bisect_right(self._first, shard) - 1
        member = self._members[number]
        info = member.manifest.shards[shard - self._first[number]]
        index = join(folder_of(member.url), index_name(info.name))
        return Wanted(member.manifest.place(member.url, info), index, info)

    def far_sizes(self) -> NDArray[np.int64]:
        """The bytes of each shard, 0 where it lies on this machine: int64 array of shape (shards,)."""
        return np.concatenate([member.manifest.shards.bytes * _is_far(member) for member in self._members])

    def at_hand(self, shard: int) -> bool:
        """Whether a shard can be read without waiting for a network."""
        wanted = self.wanted(shard)
        return self._store.at_hand(wanted.place, wanted.info)


def _is_far(member: Member) -> bool:
    return local_path(member.manifest.tars or folder_of(member.url)) is None
