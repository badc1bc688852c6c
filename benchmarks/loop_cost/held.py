"""A training loop that is held between blocks of steps: it runs on from its first step, and nothing begins anew.

The loop runs in a thread and is held where it asks for its next batch, or wherever else a step begins. So nothing of it
is replaced or left out, and whatever it does every so many steps is done as often as in a run without blocks. Only the
standard library, as `harness`.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..harness import Done, Timed


class Held:
    """Lets a loop go on for a number of steps.

    Args:
        loop: Is run in a thread of its own; calls `step` before each of its steps, and never ends.
    """

    def __init__(self, loop: "Callable[[Held], object]") -> None:
        self._left = 0
        self._go, self._over = threading.Semaphore(0), threading.Semaphore(0)
        self._error: BaseException | None = None
        threading.Thread(target=self._run, args=(loop,), daemon=True).start()
        self._wait()

    def step(self) -> None:
        """Wait, where the steps of a block are done, for the next block."""
        if not self._left:
            self._over.release()
            self._go.acquire()
        self._left -= 1

    def block(self, steps: int) -> None:
        """Let the loop take so many steps, and return when it is done with the last of them.

        Raises:
            RuntimeError: The loop failed, or ended.
        """
        self._left = steps
        self._go.release()
        self._wait()

    def _run(self, loop: "Callable[[Held], object]") -> None:
        try:
            loop(self)
            raise EOFError("there are no more steps")
        except BaseException as error:
            self._error = error
            self._over.release()

    def _wait(self) -> None:
        self._over.acquire()
        if self._error is not None:
            raise RuntimeError(f"the loop ended: {self._error!r}") from self._error


class HeldBatches:
    """Batches, before each of which a step begins; whatever else is asked of them they answer themselves."""

    def __init__(self, batches: Iterable[Any], held: Held) -> None:
        self._batches, self._held = batches, held

    def __iter__(self) -> Iterator[Any]:
        batches = iter(self._batches)
        while True:
            self._held.step()
            yield next(batches)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batches, name)


def blocks(loop: Callable[[Held], object], steps: int, batch_size: int) -> Timed:
    """Blocks of steps of a loop, with the time that this process works for them, all its threads together."""
    import time

    held, samples = Held(loop), steps * batch_size

    def block() -> Done:
        before = time.process_time()
        held.block(steps)
        spent = time.process_time() - before
        return Done(samples, {"CPU s per 1,000 samples": round(1000 * spent / samples, 3)})

    return block
