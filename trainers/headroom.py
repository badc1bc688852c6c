"""Whether the memory of a host suffices for what a pass forward keeps, found out before the kernel ends the process.

Linux gives out more memory than there is, and kills who uses it: without an error, and without a word. So in the first
step of a run everything that is kept for the pass backward is added up, and the step ends as soon as it is more than
was available when it began.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from headrace.shards.base.counts import counted

from .distributed import World, local_processes
from .pretext.base import Objective
from .recipe import TrainModel

_MEMORY = Path("/proc/meminfo")
_LIMIT, _USED = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
"""Of a container, where it has a limit of its own."""
_SHARE = 0.9
"""Of what is available; the rest is for what comes and goes while a pass is computed."""


def available_memory() -> int | None:
    """Bytes that this process could still use, of what its machine or container has; None where that is not known."""
    if not _MEMORY.exists():
        return None
    found = dict(line.split(":") for line in _MEMORY.read_text().splitlines())
    available = sum(1024 * int(found[name].split()[0]) for name in ("MemAvailable", "SwapFree"))
    if _LIMIT.exists() and (limit := _LIMIT.read_text().strip()).isdigit():
        available = min(available, int(limit) - int(_USED.read_text()))
    return available


@contextmanager
def within_memory(model: TrainModel, world: World, objective: Objective) -> Iterator[None]:
    """While the block runs, what is kept for passes backward is no more than this process' part of what there is.

    Devices tell themselves when their memory is used up. What is compiled, and parameters that come and go (FSDP), are
    not counted.

    Args:
        model: The recipe.
        world: The processes.
        objective: What passes go through; its parameters and buffers are there anyway.

    Raises:
        MemoryError: It would be more.
    """
    counts = world.device.type == "cpu" and model.parallel.strategy == "ddp" and not model.compile
    available = available_memory() if counts else None
    if available is None:
        yield
        return
    held = {_storage(each) for each in (*objective.parameters(), *objective.buffers())}
    kept = _Kept(held, available, local_processes())
    with torch.autograd.graph.saved_tensors_hooks(kept.keep, _taken):
        yield


class _Kept:
    """What is kept just now.

    Args:
        held: Storages that do not count.
        available: Bytes that all processes of the machine may keep.
        processes: How many these are.
    """

    def __init__(self, held: set[int], available: int, processes: int) -> None:
        self._held, self._available, self._processes = held, available, processes
        self._uses: Counter[int] = Counter()
        self._bytes = 0

    def keep(self, tensor: Tensor) -> "_Use":
        """Count a tensor, once whatever else keeps it.

        Raises:
            MemoryError: With it there is too much.
        """
        place = _storage(tensor)
        if place not in self._held:
            more = 0 if self._uses[place] else tensor.untyped_storage().nbytes()
            if self._bytes + more > _SHARE * self._available / self._processes:
                raise MemoryError(self._told())
            self._bytes += more
            self._uses[place] += 1
        return _Use(tensor, self)

    def leave(self, tensor: Tensor) -> None:
        """Count it no more."""
        place = _storage(tensor)
        if place not in self._held:
            self._uses[place] -= 1
            self._bytes -= 0 if self._uses[place] else tensor.untyped_storage().nbytes()

    def _told(self) -> str:
        processes = f", for {counted(self._processes, 'process', 'processes')}" if self._processes > 1 else ""
        return (
            f"a pass forward that keeps more than {_SHARE:.0%} of the {self._available / 1e9:.1f} GB that are "
            f"available{processes}"
        )


@dataclass(frozen=True)
class _Use:
    """A tensor for as long as a pass backward needs it."""

    tensor: Tensor
    kept: _Kept

    def __del__(self) -> None:
        self.kept.leave(self.tensor)


def _taken(use: _Use) -> Tensor:
    return use.tensor


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
