"""How long a store is waited for, how often it is asked again, and when a run gives up.

Attempt n (from 0) of a request may take t + s / w seconds, with t = `timeout`, s the bytes asked for and w = 100,000
bytes a second. Before attempt n + 1 there is a pause, drawn evenly from [0, min(5, 0.1 * 2^n)] seconds: many ranks that
met one fault do not come back at one moment. All attempts of one read end with its `deadline`.

The budget counts failed attempts of a process. It begins at F = `failures`, loses 1 with each failure and gains 0.1
with each answer, up to F. So faults now and then never end a run, however long it is, and a store that fails more
than one request in ten ends it soon, whatever each single deadline allows.

Nothing here enters the order of samples: the pauses come from the system's own randomness.
"""

import random
from dataclasses import dataclass

from ..base.errors import StoreError

_FIRST, _LONGEST = 0.1, 5.0
_SLOWEST = 100_000
_EARNED = 0.1


@dataclass(frozen=True)
class Patience:
    """What may go wrong between us and a store before it counts as an error.

    Args:
        timeout: Seconds for an answer to one request of no bytes; a large one gets more, see above.
        deadline: Seconds for one read, with all its requests and their repetitions.
        failures: F, the failed requests that a process puts up with.
    """

    timeout: float = 30.0
    deadline: float = 120.0
    failures: int = 500

    def allowance(self, size: int) -> float:
        """Seconds for one request of `size` bytes."""
        return self.timeout + size / _SLOWEST


OPENING = Patience(timeout=10.0, deadline=20.0)
"""For what a user waits for at a start, such as a manifest: a mistyped address should be said soon."""


def pause(attempt: int) -> float:
    """Seconds to wait after failed attempt number `attempt`, from 0."""
    longest = min(_LONGEST, _FIRST * 2.0 ** min(attempt, 16))
    return random.SystemRandom().uniform(0.0, longest)


class Budget:
    """Counts failures over all reads of a process; a copy in another process goes on from there.

    There is no lock, which a fork could leave locked for ever: threads that count at one moment may miscount by one.

    Args:
        failures: F.
    """

    def __init__(self, failures: int) -> None:
        self._most = self._left = float(failures)

    def earn(self) -> None:
        """Note an answer."""
        self._left = min(self._most, self._left + _EARNED)

    def spend(self, url: str, fault: str) -> None:
        """Note a failure.

        Raises:
            StoreError: There were too many.
        """
        self._left -= 1
        if self._left < 0:
            raise StoreError(
                f"the store of {url} fails too often",
                found=f"{self._most:,.0f} failed requests and few answers between them, the last one with {fault}",
                expected="at most one failure in ten requests for long",
                remedy="See to the store or the network; the same command line continues the run",
            )
