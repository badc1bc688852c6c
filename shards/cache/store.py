"""How readers reach the files of a set through a cache: what is there from there, the rest from the store."""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from ..base.errors import ShardError
from ..format.patience import Patience
from ..format.shard_list import ShardInfo
from ..format.source import LocalFile, OpenFile, RangeSource
from ..format.spent import spent
from ..format.store import Store
from ..format.urls import local_path
from .claim import under_way
from .download import Needs
from .folder import Folder
from .prefetch import Prefetcher
from .settings import Cache

_LOOK = 0.005
"""Seconds between two looks whether a shard has come."""


class CachedStore(Store):
    """Reaches files elsewhere through a cache; those of this machine as they are.

    Args:
        cache: The cache.
        patience: How long and how often stores are asked; a shard under way is waited for as long as for a request.
    """

    def __init__(self, cache: Cache, patience: Patience | None = None) -> None:
        super().__init__(patience)
        self._folder = Folder(cache.path)
        self._limit = cache.bytes

    def shard(self, place: str, shard: ShardInfo) -> RangeSource:
        """See `Store.shard`."""
        direct = super().shard(place, shard)
        if local_path(place) is not None:
            return direct
        return CachedFile(self._folder, shard, direct, self.transfer.patience.timeout)

    def index(self, place: str, shard: ShardInfo) -> bytes:
        """See `Store.index`."""
        kept = self._folder.index(shard.sha256)
        if local_path(place) is None and _comes(self._folder, shard.sha256, kept, self.transfer.patience.timeout):
            with suppress(OSError):  # the cache cannot be read
                return kept.read_bytes()
        return super().index(place, shard)

    def index_again(self, place: str, shard: ShardInfo) -> bytes:
        """See `Store.index_again`; what the cache has of the shard is removed."""
        with suppress(OSError):
            self._folder.remove(shard.sha256)
        return super().index_again(place, shard)

    def at_hand(self, place: str, shard: ShardInfo) -> bool:
        """See `Store.at_hand`."""
        return super().at_hand(place, shard) or self._folder.shard(shard.sha256).exists()

    def prefetcher(self, ahead: Callable[[int], Callable[[], Needs]]) -> Prefetcher:
        """Threads that keep the cache filled from now on.

        Args:
            ahead: From the cache's limit in bytes to what `Prefetcher` asks again and again.
        """
        return Prefetcher(self._folder, self._limit, self.transfer, ahead(self._limit))


class CachedFile:
    """A shard that may be in the cache or come into it; see `source.RangeSource`.

    Nothing of the cache is kept open between reads: a shard that has to go gives its room back.

    Args:
        folder: The cache.
        shard: What the manifest says of it.
        direct: The shard where it really lies.
        patience: Seconds for which a shard under way is waited for; in vain only once.
    """

    def __init__(self, folder: Folder, shard: ShardInfo, direct: RangeSource, patience: float) -> None:
        self._folder, self._digest, self._bytes = folder, shard.sha256, shard.bytes
        self._direct, self._patience = direct, patience

    def opened(self) -> OpenFile | None:
        """See `RangeSource.opened`; what somebody cut off in the cache is not opened."""
        try:
            file = OpenFile(self._folder.shard(self._digest))
            return file if os.fstat(file.descriptor).st_size == self._bytes else None
        except OSError:
            return None

    def read(self, starts: Sequence[int], sizes: Sequence[int]) -> list[bytes]:
        """See `RangeSource.read`."""
        found = self._kept(starts, sizes)
        shard = self._folder.shard(self._digest)
        if found is None:
            if _comes(self._folder, self._digest, shard, self._patience):
                found = self._kept(starts, sizes)
            elif under_way(self._folder, self._digest):
                # Not again before each read, where whoever fetches it stands still.
                self._patience = 0.0
        return self._direct.read(starts, sizes) if found is None else found

    def read_again(self, starts: Sequence[int], sizes: Sequence[int]) -> list[bytes]:
        """See `RangeSource.read_again`; what the cache has of a shard with wrong bytes is removed."""
        with suppress(OSError):
            self._folder.remove(self._digest)
        return self._direct.read_again(starts, sizes)

    def close(self) -> None:
        """See `RangeSource.close`."""
        self._direct.close()

    def _kept(self, starts: Sequence[int], sizes: Sequence[int]) -> list[bytes] | None:
        """The ranges from the cache; None where the shard is not in it, or was cut off there."""
        path = self._folder.shard(self._digest)
        if not path.exists():
            return None
        file = LocalFile(path)
        try:
            found = file.read(starts, sizes)
        except (OSError, ShardError):
            return None
        finally:
            file.close()
        return found if [len(data) for data in found] == list(sizes) else None


def _comes(folder: Folder, digest: str, file: Path, patience: float) -> bool:
    """Wait for a file of a shard that is under way; whether it is there."""
    with spent("network"):
        until = time.monotonic() + patience
        while not file.exists() and under_way(folder, digest) and time.monotonic() < until:
            time.sleep(_LOOK)
    return file.exists()
