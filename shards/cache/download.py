"""Fetches one whole shard into the cache, and before it its index."""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..base.errors import ShardError
from ..format.atomic import TEMPORARY
from ..format.faults import missing
from ..format.manifest import ShardInfo
from ..format.transfer import Transfer
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
    try:
        _fetch_index(wanted, transfer, folder)
        digest = hashlib.sha256()
        for ranges in _groups(wanted.info.bytes):
            if stopped():
                return False
            for (begin, end), data in zip(ranges, transfer.ranges(wanted.place, ranges), strict=True):
                if len(data) < end - begin:
                    raise _other(wanted.place, f"{begin + len(data):,} bytes", f"{wanted.info.bytes:,} bytes")
                digest.update(data)
                claim.write(data)
    except FileNotFoundError as error:
        raise missing(wanted.place) from error
    if (found := digest.hexdigest()) != wanted.info.sha256:
        raise _other(wanted.place, f"sha256 {found}", f"sha256 {wanted.info.sha256}")
    claim.commit(folder.shard(wanted.info.sha256))
    return True


def _fetch_index(wanted: Wanted, transfer: Transfer, folder: Folder) -> None:
    data = transfer.whole(wanted.index)
    if (found := hashlib.sha256(data).hexdigest()) != wanted.info.index_sha256:
        raise _other(wanted.index, f"sha256 {found}", f"sha256 {wanted.info.index_sha256}")
    index = folder.index(wanted.info.sha256)
    temporary = index.with_suffix(TEMPORARY)
    temporary.write_bytes(data)
    os.replace(temporary, index)


def _groups(size: int) -> Iterator[list[tuple[int, int]]]:
    """The ranges of a file of `size` bytes, as many at a time as are asked for together."""
    for first in range(0, size, _PART * _AT_ONCE):
        last = min(first + _PART * _AT_ONCE, size)
        yield [(begin, min(begin + _PART, last)) for begin in range(first, last, _PART)]


def _other(place: str, found: str, expected: str) -> ShardError:
    return ShardError(
        f"{place} is not what the manifest names",
        found=found,
        expected=expected,
        remedy="Run `headrace verify` on the folder, and copy or build the shard again",
    )
