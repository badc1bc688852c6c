"""Run a function in several processes joined by gloo, as torchrun would start them; for tests."""

import multiprocessing
import os
import queue
import socket
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import torch

from headrace.trainers.distributed import World, joined


def on_ranks(size: int, task: Callable[[World], Any], tensor: int = 1) -> list[Any]:
    """What `task` returns in each of `size` processes that are joined, by rank."""

    def join() -> Any:
        with joined("cpu", tensor) as world:
            return task(world)

    return started(size, join)


def started(size: int, task: Callable[[], Any]) -> list[Any]:
    """What `task` returns in each of `size` processes, by rank; None of one that is killed.

    They are forked, so that nothing is imported again.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = multiprocessing.get_context("fork")
    results: Any = context.Queue()
    processes = [context.Process(target=_run, args=(rank, size, port, task, results)) for rank in range(size)]
    with warnings.catch_warnings():
        # Python 3.12 warns of forking beside threads; those here are torch's, idle, and one per process.
        warnings.simplefilter("ignore", DeprecationWarning)
        for process in processes:
            process.start()
    found: dict[int, Any] = {}
    for _ in range(120):
        with suppress(queue.Empty):
            while len(found) < size:
                found.update([results.get(timeout=1)])
        found |= {rank: None for rank, each in enumerate(processes) if (each.exitcode or 0) < 0}
        if len(found) == size:
            break
    for process in processes:
        process.join(30)
    for rank, result in found.items():
        if isinstance(result, Exception):
            raise AssertionError(f"rank {rank} failed") from result
    return [found[rank] for rank in range(size)]


def _run(rank: int, size: int, port: int, task: Callable[[], Any], results: Any) -> None:
    torch.set_num_threads(1)
    place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": size, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    os.environ.update({name: str(value) for name, value in place.items()})
    try:
        results.put((rank, task()))
    except Exception as error:
        error.add_note(traceback.format_exc())
        results.put((rank, error))
