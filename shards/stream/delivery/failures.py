"""Processes that read ahead and were killed: what torch says of it, as an error that says what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from ...base.errors import StreamError


@contextmanager
def worker_failures() -> Iterator[None]:
    """While the block runs, the death of a worker is a StreamError.

    torch tells of it by a signal, wherever the process is at that moment: waiting for the next batch, or in the midst
    of a step. Around the loop over a loader, this covers both.

    Raises:
        StreamError: A worker of torch's DataLoader has died, or gave no batch within its `timeout`.
    """
    try:
        yield
    except RuntimeError as error:
        # What a worker's own code raises begins with other words.
        if not str(error).startswith("DataLoader "):
            raise
        raise StreamError(
            "the processes that read ahead have failed, and with them what they had prepared",
            found=str(error).partition("\n")[0].strip(),
            remedy="Nothing that was delivered is lost: iterate again, or continue from a state. A killed "
            "worker may have been out of memory, or of shared memory: take fewer, or a smaller `prefetch_factor`",
        ) from error
