"""Threads that fetch whole shards in the order in which they will be needed.

Each thread takes the first shard of the list that is neither there nor on its way and that finds room; where that one
finds none, none behind it would. What an iteration does not need itself, but the next one will, waits until all that it
does need is there. A shard that cannot be fetched is left to the reads of its samples, which meet the
same fault and say so; a full disk, or a folder that fails, ends fetching for a minute with a warning, and everything
is read by ranges meanwhile.
"""

import errno
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ..base.errors import HeadraceError, StoreError
from ..format.transfer import Transfer
from .claim import Claim, claim, under_way
from .download import Needs, Wanted, download
from .folder import Folder
from .members import Member, distances
from .room import victims

_THREADS = 8
"""Enough to fill a network also with shards of a request each; with more, the one needed first would come later."""
_IDLE = 0.05
"""Seconds between two looks whether there is something to fetch."""
_SHARE = 10
"""The next look comes not before this many times as long as the last one took."""
_ATTEMPTS = 2
"""How often a shard is fetched that turns out not to be the manifest's."""
_LAST = 5.0
"""Seconds that closing may take."""
_AGAIN = 60.0
"""Seconds until a folder or a store that failed is tried again."""


class Prefetcher:
    """Keeps the cache filled from now on, until it is closed.

    Args:
        folder: The cache.
        limit: Its bytes.
        transfer: What reads the stores.
        upcoming: Says which shards will be needed from now on, and not more than fit into the limit; asked again and
            again.
    """

    def __init__(self, folder: Folder, limit: int, transfer: Transfer, upcoming: Callable[[], Needs]) -> None:
        self._folder, self._limit, self._transfer, self._upcoming = folder, limit, transfer, upcoming
        self._member: Member | None = None
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._not_before = 0.0
        self._failed: Counter[str] = Counter()
        for number in range(_THREADS):
            # Daemons, so that no fetch keeps a program from ending.
            threading.Thread(target=self._work, name=f"headrace-cache-{number}", daemon=True).start()

    def close(self) -> None:
        """Fetch nothing more; what is under way ends at its next request."""
        self._closed.set()
        # Whoever holds it may itself wait for a lock of the folder, or for a disk; the member ends with the process.
        if self._lock.acquire(timeout=_LAST):
            if self._member is not None:
                self._member.leave()
            self._lock.release()

    def __enter__(self) -> "Prefetcher":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _work(self) -> None:
        while not self._closed.is_set():
            with self._lock:
                began = time.monotonic()
                idle = self._closed.is_set() or began < self._not_before
                job = None if idle else self._guarded(self._next)
                if job is None and not idle:
                    took = time.monotonic() - began
                    self._not_before = max(self._not_before, began + max(_IDLE, _SHARE * took))
            if job is None:
                self._closed.wait(_IDLE)
            else:
                self._guarded(partial(self._fetch, *job))

    def _guarded(self, step: Callable[[], Any]) -> Any:
        """What a step returns; None where the disk failed, about which there is a warning."""
        try:
            return step()
        except OSError as error:
            if self._closed.is_set():
                return None
            self._not_before = time.monotonic() + _AGAIN
            full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            warnings.warn(
                f"the shard cache {self._folder.path} {'is on a full disk' if full else 'fails'} "
                f"({error.strerror or error}): shards are read by ranges until there is room again",
                RuntimeWarning,
                stacklevel=2,
            )
        return None

    def _next(self) -> tuple[Wanted, Claim] | None:
        """The next shard to fetch, claimed; None where there is nothing to do."""
        if self._member is None:
            self._folder.make()
            self._member = Member(self._folder)
        upcoming = self._upcoming()
        digests = [each.info.sha256 for each in upcoming.wanted]
        self._member.publish(digests)
        with self._folder.locked():
            return self._claimed(upcoming, [digests, *self._member.others()])

    def _claimed(self, upcoming: Needs, needs: Sequence[Sequence[str]]) -> tuple[Wanted, Claim] | None:
        held = self._folder.entries()
        for digest in [each.digest for each in held.values() if not each.whole]:
            # In this order: a shard that was on its way when the folder was listed may have come since.
            if not under_way(self._folder, digest) and not self._folder.shard(digest).exists():
                self._folder.abandon(digest)
                del held[digest]
        near = distances(needs)
        coming = False
        for number, each in enumerate(upcoming.wanted):
            digest = each.info.sha256
            # The last shards of an iteration share the network with none of the next one.
            coming = coming or (number < upcoming.soon and digest in held and not held[digest].whole)
            if coming and number >= upcoming.soon:
                return None
            if digest in held or self._failed[digest] >= _ATTEMPTS:
                continue
            leaving = victims(held.values(), near, self._limit, each.info.bytes, near[digest])
            if leaving is None:
                return None
            for victim in leaving:
                self._folder.remove(victim)
                del held[victim]
            if (right := claim(self._folder, digest, each.info.bytes)) is not None:
                return each, right
        return None

    def _fetch(self, wanted: Wanted, right: Claim) -> None:
        with right:
            try:
                download(wanted, self._transfer, self._folder, right, self._closed.is_set)
            except StoreError:
                self._not_before = time.monotonic() + _AGAIN
            except HeadraceError:
                self._failed[wanted.info.sha256] += 1
