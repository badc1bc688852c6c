"""Fetches one whole shard into the cache, and its index, which is there before the shard is."""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..base.errors import ShardError
from ..format.atomic import TEMPORARY
from ..format.faults import missing
from ..format.shard_list import ShardInfo
from ..format.transfer import WHOLE, Range, Transfer
from .claim import Claim
from .folder import Folder

_PART = 2 << 20
"""Bytes of one request."""
_AT_ONCE = 4
"""Requests of one shard that are under way together."""


@dataclass(frozen=True)
class Wanted:
    """A shard that will be needed.

    Attributes:
        place: Where it lies.
        index: Where its index lies.
        info: What the manifest says of it.
    """

    place: str
    index: str
    info: ShardInfo


@dataclass(frozen=True)
class Needs:
    """The shards that a process will need.

    Attributes:
        wanted: Each once, the soonest first.
        soon: How many of them it needs before its iteration ends.
    """

    wanted: tuple[Wanted, ...]
    soon: int


def download(wanted: Wanted, transfer: Transfer, folder: Folder, claim: Claim, stopped: Callable[[], bool]) -> bool:
    """Fetch a shard and its index; False where it was stopped.

    Args:
        wanted: The shard.
        transfer: What reads the store.
        folder: The cache.
        claim: The right to fetch it.
        stopped: Asked between requests.

    Raises:
        ShardError: The shard or its index is missing, or not that of the manifest.
        StoreError: The store does not give it.
        OSError: The cache's disk is full, or fails.
    """
    digest = hashlib.sha256()
    for ranges in _groups(wanted):
        if stopped():
            return False
        try:
            contents = transfer.read(ranges)
        except FileNotFoundError as error:
            raise missing(wanted.place) from error
        for (place, begin, end), data in zip(ranges, contents, strict=True):
            if place == wanted.index:
                _keep_index(wanted, data, folder)
            elif len(data) < end - begin:
                raise _other(place, f"{begin + len(data):,} bytes", f"{wanted.info.bytes:,} bytes")
            else:
                digest.update(data)
                claim.write(data)
    if (found := digest.hexdigest()) != wanted.info.sha256:
        raise _other(wanted.place, f"sha256 {found}", f"sha256 {wanted.info.sha256}")
    claim.commit(folder, wanted.info.sha256)
    return True


def _keep_index(wanted: Wanted, data: bytes, folder: Folder) -> None:
    if (found := hashlib.sha256(data).hexdigest()) != wanted.info.index_sha256:
        raise _other(wanted.index, f"sha256 {found}", f"sha256 {wanted.info.index_sha256}")
    index = folder.index(wanted.info.sha256)
    temporary = index.with_suffix(TEMPORARY)
    temporary.write_bytes(data)
    os.replace(temporary, index)


def _groups(wanted: Wanted) -> Iterator[list[Range]]:
    """The ranges of the index and the shard, as many at a time as are asked for together."""
    size = wanted.info.bytes
    parts = [Range(wanted.place, begin, min(begin + _PART, size)) for begin in range(0, size, _PART)]
    parts.insert(0, Range(wanted.index, 0, WHOLE))
    for first in range(0, len(parts), _AT_ONCE):
        yield parts[first : first + _AT_ONCE]


def _other(place: str, found: str, expected: str) -> ShardError:
    return ShardError(
        f"{place} is not what the manifest names",
        found=found,
        expected=expected,
        remedy="Run `headrace verify` on the folder, and copy or build the shard again",
    )
