"""The processes of a run: joined from torchrun's environment, or just this one."""

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import torch
from torch import Tensor, nn
from torch import distributed as dist
from torch.nn.parallel import DistributedDataParallel

from headrace.shards.base.errors import UsageError

Device = Literal["auto", "cpu", "cuda"]

_PATIENCE = timedelta(minutes=10)
"""How long a process waits for the others before it gives up."""


@dataclass(frozen=True)
class World:
    """This process among those of the run.

    Args:
        rank: Its number, from 0.
        size: How many there are.
        device: Where it computes.
    """

    rank: int
    size: int
    device: torch.device

    @property
    def main(self) -> bool:
        """Whether this process writes the files and shows the progress."""
        return self.rank == 0

    def sum(self, values: Mapping[str, Tensor]) -> dict[str, float]:
        """Add named scalars up over all processes, in float64, in one message; every process must name the same."""
        names = sorted(values)
        packed = torch.stack([values[name].detach().to(self.device, torch.float64) for name in names])
        if self.size > 1:
            dist.all_reduce(packed)
        return dict(zip(names, packed.tolist(), strict=True))

    def gathered(self, rows: Tensor) -> Tensor:
        """The rows of all processes, in the order of their ranks; each must have as many."""
        if self.size == 1:
            return rows
        every = [torch.empty_like(rows, memory_format=torch.contiguous_format) for _ in range(self.size)]
        dist.all_gather(every, rows.contiguous())
        return torch.cat(every)

    def summed(self, tensor: Tensor) -> Tensor:
        """A tensor added up over all processes, in its place."""
        if self.size > 1:
            dist.all_reduce(tensor)
        return tensor

    def wrap(self, model: nn.Module) -> nn.Module:
        """The model as every process must call it, so that gradients are averaged over processes."""
        if self.size == 1:
            return model
        return DistributedDataParallel(model, device_ids=[self.device] if self.device.type == "cuda" else None)

    def barrier(self) -> None:
        """Wait for the others."""
        if self.size > 1:
            dist.barrier()


ALONE = World(0, 1, torch.device("cpu"))
"""One process."""


def local_gradients(model: nn.Module) -> AbstractContextManager[None]:
    """While the block runs, gradients stay with this process; for all micro-batches but the last."""
    if isinstance(model, DistributedDataParallel):
        return model.no_sync()
    return nullcontext()


def is_main() -> bool:
    """Whether torchrun started this process as the first, or did not start it."""
    return _rank() == 0


@contextmanager
def joined(device: Device = "auto") -> Iterator[World]:
    """Join the processes that torchrun started (NCCL for CUDA devices, gloo for CPUs), or stand alone.

    Raises:
        UsageError: `device` is cuda, and there is none.
    """
    size, rank = int(os.environ.get("WORLD_SIZE", 1)), _rank()
    place = local_device(device)
    if size == 1:
        yield World(0, 1, place)
        return
    if place.type == "cuda":
        torch.cuda.set_device(place)
    dist.init_process_group("nccl" if place.type == "cuda" else "gloo", timeout=_PATIENCE)
    try:
        yield World(rank, size, place)
    finally:
        dist.destroy_process_group()


def local_device(device: Device = "auto") -> torch.device:
    """Where this process computes.

    Raises:
        UsageError: `device` is cuda, and there is none.
    """
    if device == "cpu" or (device == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise UsageError("device is 'cuda', but torch sees no CUDA device", remedy="Set device=cpu or device=auto")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))


def _rank() -> int:
    return int(os.environ.get("RANK", 0))
