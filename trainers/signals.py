"""Stopping politely: Ctrl-C and SIGTERM are noted, and obeyed between two steps."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from .distributed import is_main


class StopRequest:
    """Whether the run was asked to stop, and by what."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None

    def __bool__(self) -> bool:
        return self.signal is not None


@contextmanager
def stop_requests() -> Iterator[StopRequest]:
    """While the block runs, the first SIGINT or SIGTERM is noted; a second SIGINT interrupts at once."""
    request = StopRequest()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def note(number: int, frame: FrameType | None) -> None:
        if request and number == signal.SIGINT:
            raise KeyboardInterrupt
        request.signal = signal.Signals(number)
        if number == signal.SIGINT and is_main():
            # Not by Python's own streams, in the midst of which the signal may have come.
            os.write(2, b"\nStopping after this step; once more stops at once, and saves nothing.\n")

    for number in before:
        signal.signal(number, note)
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def leave_to_the_loop(worker: int) -> None:
    """Leave it to the loop, in a process that reads ahead, to obey a signal that was sent to all processes of a run.

    That is what terminals, schedulers and torchrun do, and they want the loop to save its state. Ctrl-C is ignored.
    SIGTERM, which is also how torch ends what does not end by itself, ends the process as if all was done: torch takes
    one that was killed by a signal for a failure, which it raises in the midst of the step that is to be saved.

    Args:
        worker: Its number.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # KeyboardInterrupt is what torch's workers end by without a word.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
