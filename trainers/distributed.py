"""The processes of a run: joined from torchrun's environment, or just this one."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor
from torch import distributed as dist
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh

from headrace.shards.base.counts import counted
from headrace.shards.base.errors import Interrupted, UsageError

from .parallel.fates import shared_fate

Device = Literal["auto", "cpu", "cuda"]

Axis = Literal["data", "tensor"]
"""The directions of a mesh of processes: along `data` they have different rows, along `tensor` shares of a matrix."""
PATIENCE = 600.0
"""Seconds for which a process waits for the others before it gives up."""


@dataclass(frozen=True)
class World:
    """This process among those of the run.

    Processes that compute the same matrices together (`tensor`) read the same rows, and have one rank.

    Args:
        rank: The number of its rows' part of the batch, from 0.
        size: How many parts there are.
        device: Where it computes.
        mesh: All processes, as (data,) or (data, tensor); None where there is only one.
    """

    rank: int
    size: int
    device: torch.device
    mesh: DeviceMesh | None = None

    def __deepcopy__(self, memory: object) -> "World":
        return self  # A process has one place, whatever holds it is copied.

    @property
    def main(self) -> bool:
        """Whether this process writes the files and shows the progress."""
        return self.mesh is None or self.mesh.get_rank() == 0

    @property
    def leads(self) -> bool:
        """Whether this process is the first of those that read the same rows."""
        return "tensor" not in self._axes or self.axis("tensor").get_local_rank() == 0

    def axis(self, name: Axis) -> DeviceMesh:
        """The processes along one direction of the mesh, of which there must be one."""
        return self._axes[name]

    @cached_property
    def _axes(self) -> Mapping[str, DeviceMesh]:
        # To cut a direction out of a mesh takes half a millisecond.
        mesh = self.mesh
        return {} if mesh is None else {name: mesh[name] for name in mesh.mesh_dim_names or ()}

    def any(self, flags: Mapping[str, bool]) -> dict[str, bool]:
        """Whether a named flag is raised by any process at all; every process must name the same.

        Hosts tell each other, so that none has to wait for its device.
        """
        if self.mesh is None:
            return dict(flags)
        names = sorted(flags)
        raised = torch.tensor([float(flags[name]) for name in names])
        dist.all_reduce(raised)
        return dict(zip(names, (raised > 0).tolist(), strict=True))

    def sum(self, values: Mapping[str, Tensor]) -> dict[str, float]:
        """Add named scalars up over all parts of the batch, in float64; every process must name the same."""
        names = sorted(values)
        packed = torch.stack([values[name].detach().to(self.device, torch.float64) for name in names])
        if self.mesh is not None:
            dist.all_reduce(packed, group=self.axis("data").get_group())
        return dict(zip(names, packed.tolist(), strict=True))

    def gathered(self, rows: Tensor) -> Tensor:
        """The rows of all parts of the batch, in the order of their ranks; each must have as many."""
        if self.mesh is None:
            return rows
        every = [torch.empty_like(rows, memory_format=torch.contiguous_format) for _ in range(self.size)]
        dist.all_gather(every, rows.contiguous(), group=self.axis("data").get_group())
        return torch.cat(every)

    def summed(self, tensor: Tensor) -> Tensor:
        """A tensor added up over all parts of the batch, in its place."""
        if self.mesh is not None:
            dist.all_reduce(tensor, group=self.axis("data").get_group())
        return tensor

    def barrier(self) -> None:
        """Wait for all other processes."""
        if self.mesh is not None:
            dist.barrier(device_ids=[self.device.index] if self.device.type == "cuda" else None)


ALONE = World(0, 1, torch.device("cpu"))
"""One process."""


def is_main() -> bool:
    """Whether torchrun started this process as the first, or did not start it."""
    return _rank() == 0


@contextmanager
def joined(device: Device = "auto", tensor: int = 1, patience: float = PATIENCE) -> Iterator[World]:
    """Join the processes that torchrun started (NCCL for CUDA devices, gloo for CPUs), or stand alone.

    Args:
        device: Where to compute.
        tensor: Processes that compute the same matrices together; neighbours, which torchrun puts on one machine.
        patience: Seconds to wait for others that do not answer.

    Raises:
        RankLost: Another process has ended, or hangs.
        UsageError: `device` is cuda, and there is none; or the processes cannot be grouped by `tensor`.
    """
    size = int(os.environ.get("WORLD_SIZE", 1))
    if size % tensor:
        raise UsageError(
            "the processes cannot compute matrices together in groups of equal size",
            found=f"{counted(size, 'process')}, parallel.tensor={tensor}",
            expected=f"a multiple of {tensor} processes",
            remedy="Start as many with torchrun, or change parallel.tensor",
        )
    place = local_device(device)
    if size == 1:
        yield World(0, 1, place)
        return
    if place.type == "cuda":
        torch.cuda.set_device(place)
    # What hosts tell each other, and what is saved beside the training, is sent over gloo.
    backend = "cpu:gloo,cuda:nccl" if place.type == "cuda" else "gloo"
    dist.init_process_group(backend, timeout=timedelta(seconds=patience))
    try:
        with shared_fate(_rank(), size):
            shape, names = ((size,), ("data",)) if tensor == 1 else ((size // tensor, tensor), ("data", "tensor"))
            mesh = init_device_mesh(place.type, shape, mesh_dim_names=names)
            data = mesh["data"]
            yield World(data.get_local_rank(), data.size(), place, mesh)
    except Interrupted:
        # All processes stop together; after an error of one the others might never answer.
        dist.destroy_process_group()
        raise
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
