"""The local executor: processes on this machine."""

import contextlib
import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from headrace.shards.base.errors import BuildError

from ..engine.tasks import Done, Task, execute
from .server import start_server

QUEUE = 2
"""Tasks submitted ahead per worker: enough to keep them busy, few enough to stop quickly."""


class LocalExecutor:
    """Runs tasks in `workers` processes; with one worker, in this process.

    Args:
        workers: How many tasks run at once.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool: ProcessPoolExecutor | None = None
        if workers > 1:
            start_server()

    def start(self, prepare: Callable[[], object]) -> None:
        """Start the workers, where there are several, and return while each of them calls `prepare` (picklable)."""
        if self.workers > 1:
            self._pool = self._new_pool()
            with contextlib.suppress(BrokenProcessPool):  # `run` tells of it
                for _ in range(self.workers):
                    self._pool.submit(prepare)

    def run(self, root: Path, tasks: Sequence[Task]) -> Iterator[Done]:
        """Results as they come.

        Raises:
            BuildError: A worker process died (most often: killed for memory).
        """
        if self.workers == 1 or (self._pool is None and len(tasks) <= 1):
            yield from (execute(root, task) for task in tasks)
            return
        if self._pool is None:
            self._pool = self._new_pool()
        waiting = list(reversed(tasks))
        running: dict[Future[Done], Task] = {}
        try:
            while waiting or running:
                while waiting and len(running) < QUEUE * self.workers:
                    task = waiting.pop()
                    running[self._pool.submit(execute, root, task)] = task
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    done = future.result()
                    del running[future]
                    yield done
        except BrokenProcessPool:  # a result, or the next submission, tells of it
            raise BuildError(
                "a worker process died",
                found=f"one of these tasks was running: {', '.join(task.name for task in running.values())}",
                remedy="Most often memory ran out: run the same line with fewer --workers; it continues. (A script of "
                "your own must build under `if __name__ == '__main__':`, as any multiprocessing.)",
            ) from None

    def _new_pool(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("forkserver")
        return ProcessPoolExecutor(self.workers, mp_context=context, initializer=_become_worker)

    def close(self) -> None:
        """End the workers at once; their temporary folders are removed by the next build."""
        if self._pool is not None:
            # The pool's own: the caller may have other children.
            for process in list(self._pool._processes.values()):
                process.kill()
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


def _become_worker() -> None:
    """Leave Ctrl-C to the parent, and end when the parent does, however it dies."""
    gc.freeze()  # What the server imported is shared with it: the collector would only copy its pages.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:

        def follow() -> None:
            with contextlib.suppress(OSError):
                parent.join()
            os._exit(1)

        threading.Thread(target=follow, daemon=True).start()
