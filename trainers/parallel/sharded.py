"""Fully sharded data parallelism (FSDP2): each process holds a share of every parameter, gradient and moment.

Before a block is computed, the shares of its parameters are gathered, and afterwards let go; the gradients of all
processes are averaged, and each keeps its share. What is in no block is gathered for the whole pass.
"""

import warnings

import torch
from torch import nn
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import fully_shard

from ..blocks import TYPES, blocks, networks
from ..pretext.base import Loss, Mean, Objective

# The pass backward begins where a module's results are, and only of what is known are the tensors found.
for _kind in (Loss, Mean):
    torch.export.register_dataclass(_kind)


def shard(objective: Objective, mesh: DeviceMesh) -> None:
    """Spread an objective's parameters over processes, in place.

    They are gathered in fp32, as they are everywhere: what is computed in a lower precision autocast decides in every
    layout alike. To gather them in it would halve the bytes, and round the norms' weights, which autocast does not.

    Args:
        objective: Network and loss, the same on all processes.
        mesh: The processes, along one direction.
    """
    # What a block gives back is nowhere changed in place.
    warnings.filterwarnings("ignore", message="FSDP2-wrapped module .* returned a view tensor")
    for block in _blocks(objective):
        fully_shard(block, mesh=mesh)
    fully_shard(objective, mesh=mesh)


def _blocks(objective: Objective) -> list[nn.Module]:
    """The blocks of its networks, as far as it is known where they are."""
    known = (network for network in networks(objective) if network.config.model_type in TYPES)
    return [block for network in known for block in blocks(network)]
