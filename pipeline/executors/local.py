"""The local executor: processes on this machine."""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import forkserver
from pathlib import Path

from headrace.shards.base.errors import BuildError

from ..engine.tasks import Done, Task, execute

QUEUE = 2
"""Tasks submitted ahead per worker: enough to keep them busy, few enough to stop quickly."""


class LocalExecutor:
    """Runs tasks in `workers` processes; with one worker, in this process.

    Args:
        workers: How many tasks run at once.
        preload: Modules that every task needs: imported once, before the workers are forked.
    """

    def __init__(self, workers: int, preload: Sequence[str] = ()) -> None:
        self.workers = workers
        self._pool: ProcessPoolExecutor | None = None
        if workers > 1:
            # It imports what workers need while this process reads the recipe; Ctrl-C is not for it.
            multiprocessing.set_forkserver_preload(["headrace.pipeline.executors.local", *preload])
            before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
            forkserver.ensure_running()
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def run(self, root: Path, tasks: Sequence[Task]) -> Iterator[Done]:
        """Results as they come.

        Raises:
            BuildError: A worker process died (most often: killed for memory).
        """
        if self.workers == 1 or len(tasks) <= 1:
            yield from (execute(root, task) for task in tasks)
            return
        if self._pool is None:
            # Forked from a clean server process: no thread or lock of this process is copied half-way.
            context = multiprocessing.get_context("forkserver")
            self._pool = ProcessPoolExecutor(self.workers, mp_context=context, initializer=_become_worker)
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
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:

        def follow() -> None:
            with contextlib.suppress(OSError):
                parent.join()
            os._exit(1)

        threading.Thread(target=follow, daemon=True).start()
