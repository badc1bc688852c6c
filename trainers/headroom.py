"""Whether the memory of a host suffices for a pass forward, found out before the kernel ends the process.

Linux gives out more memory than there is, and kills who uses it: without an error, and without a word. So in the first
step of a run, whenever something is kept for the pass backward, it is looked how much memory is left.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor

from .distributed import World
from .recipe import TrainModel

_MEMORY = Path("/proc/meminfo")
_LIMIT, _USED = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
"""Of a container, where it has a limit of its own."""
_RESERVE = 0.1
"""Of what was there at first: for what comes and goes while a pass is computed."""


def available_memory() -> int | None:
    """Bytes that could still be used, of what the machine or container has; None where that is not known."""
    if not _MEMORY.exists():
        return None
    found = dict(line.split(":") for line in _MEMORY.read_text().splitlines())
    available = sum(1024 * int(found[name].split()[0]) for name in ("MemAvailable", "SwapFree"))
    if _LIMIT.exists() and (limit := _LIMIT.read_text().strip()).isdigit():
        available = min(available, int(limit) - int(_USED.read_text()))
    return available


@contextmanager
def within_memory(model: TrainModel, world: World) -> Iterator[None]:
    """While the block runs, passes forward end where they are about to use the host's memory up.

    Devices tell themselves when theirs is. What is compiled is not looked into.

    Args:
        model: The recipe.
        world: The processes; those of one machine share its memory.

    Raises:
        MemoryError: Next to nothing is left.
    """
    first = available_memory() if world.device.type == "cpu" and not model.compile else None
    if first is None:
        yield
        return

    def keep(tensor: Tensor) -> Tensor:
        left = available_memory() or 0
        # What comes next is often as large as what is kept.
        if left < _RESERVE * first + tensor.untyped_storage().nbytes():
            raise MemoryError(f"a pass forward that leaves {left / 1e9:.1f} GB of the {first / 1e9:.1f} GB there were")
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        yield
