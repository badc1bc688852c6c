"""The process from which workers are forked: clean of the command's threads and locks, with all imported they need."""

import multiprocessing
import signal
from multiprocessing import forkserver

_PRELOAD = ["headrace.shards.cli", "headrace.pipeline.build"]


def start_server() -> None:
    """Start it, unless it runs: it imports for as long as this process imports and plans, on another core."""
    multiprocessing.set_forkserver_preload(_PRELOAD)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # Ctrl-C is not for it.
    forkserver.ensure_running()
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
