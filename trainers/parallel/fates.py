"""When a process of a run ends before the others: these learn which one it was and why, say so, and end as well.

A process that waits for another one in a collective operation learns at best that a connection is gone, and at worst
nothing. So each process has a thread that gives a sign every second, and looks for those of others: the first process
for all, the others for the first one's. What ends a process by an error is told as well.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from torch import distributed as dist

from headrace.shards.base.counts import counted
from headrace.shards.base.errors import HeadraceError, Interrupted, TrainingError

from .notices import Notice, Notices

_BEAT, _SILENCE = 1.0, 15.0
"""Seconds from sign to sign, and without one after which a process counts as lost; torchrun kills what is left 30
seconds after it has seen a process end."""
_GRACE = 5.0
"""Seconds that a process has to end by itself when another one is lost, before it is ended where it stands."""


class RankLost(TrainingError):
    """Another process of the run has ended, or hangs.

    Attributes:
        speaks: Whether this is the process that tells the user.
    """

    speaks = False


@contextmanager
def shared_fate(rank: int, size: int) -> Iterator[None]:
    """While the block runs, this process and the others watch over each other.

    Args:
        rank: The number of this process among all of them.
        size: How many there are.

    Raises:
        RankLost: Another one has ended, or hangs; a process that is stuck in a collective operation, and so cannot
            raise it, says so and exits with its code.
    """
    watch = _Watch(rank, size)
    watch.start()
    try:
        yield
        watch.leave()
    except Interrupted:
        watch.leave()
        raise
    except Exception as error:
        if _waited_in_vain(error):
            raise watch.lost() from error
        watch.leave(str(error) if isinstance(error, HeadraceError) else f"{type(error).__name__}: {error}")
        raise
    finally:
        watch.over.set()
        watch.join()


class _Watch(Thread):
    """Gives the signs of this process, and looks for those of others."""

    def __init__(self, rank: int, size: int) -> None:
        super().__init__(name="fates", daemon=True)
        self.over, self._found = Event(), Event()
        self._rank, self._size = rank, size
        self._notices = Notices(_SILENCE)

    def run(self) -> None:
        """Look for others, until the block is over or one of them is lost, which this one is not to outlive."""
        with suppress(dist.DistError):  # The store is gone; whoever waits for others finds out.
            self._look()
        if self._found.is_set() and not self.over.wait(_GRACE):
            error = self.lost()
            if error.speaks:
                sys.stderr.write(f"Error: {error}\n")
                sys.stderr.flush()
            os._exit(error.exit_code)

    def leave(self, reason: str = "") -> None:
        """Say that this process ends; why, if it is not as it should be."""
        with suppress(dist.DistError):
            if reason:
                self._notices.put(Notice(self._rank, reason))
            self._notices.sign("left", self._rank)

    def lost(self) -> RankLost:
        """Which process is waited for in vain; takes as long as one may be silent, where it is not known yet."""
        try:
            self._notices.sign("waited", self._rank)
            if not self._found.wait(_SILENCE + 2 * _BEAT):
                self._accuse()
            notice = self._notices.first()
            # The first process tells the user, unless it was killed.
            speaks = self._notices.first_to_ask() if notice == Notice(0) else self._rank == 0
        except dist.DistError:
            notice, speaks = None, True
        error = _error(notice, self._size)
        error.speaks = speaks
        return error

    def _look(self) -> None:
        woke = time.monotonic()
        seen = dict.fromkeys(range(1, self._size) if self._rank == 0 else [0], (0, woke))
        while not self.over.wait(_BEAT):
            slept, woke = woke, time.monotonic()
            self._notices.sign("alive", self._rank)
            for other, (count, since) in seen.items():
                alive = self._notices.signs("alive", other)
                # Who was held up itself, as when a whole machine stands still, cannot say who was silent meanwhile.
                if alive > count or woke - slept > _SILENCE / 2 or self._notices.signs("left", other):
                    seen[other] = alive, woke
                elif woke - since > _SILENCE:
                    self._notices.put(Notice(other))
            if self._notices.first():
                self._found.set()
                return

    def _accuse(self) -> None:
        """Put up which process hangs: one that gives its signs, but does not find that it waits in vain."""
        for rank in range(self._size):
            if not self._notices.signs("waited", rank) and not self._notices.signs("left", rank):
                self._notices.put(Notice(rank, "it hangs, and does not take part in what all others do together"))


def _error(notice: Notice | None, size: int) -> RankLost:
    remedy = "Run the same line again: it continues from the last checkpoint"
    if notice is None:
        return RankLost("the connection to the other processes of the run is lost", remedy=remedy)
    silent = f"it gave no sign for {_SILENCE:.0f} seconds: it was killed, or its machine is gone"
    return RankLost(
        f"rank {notice.rank} of {counted(size, 'process', 'processes')} was lost, and this process ends as well",
        found=notice.reason or silent,
        remedy=remedy,
    )


def _waited_in_vain(error: BaseException | None) -> bool:
    """Whether an error is, or comes from, one of a collective operation; gloo's have no type of their own."""
    return error is not None and (
        isinstance(error, dist.DistError) or "gloo/" in str(error) or _waited_in_vain(error.__cause__)
    )
