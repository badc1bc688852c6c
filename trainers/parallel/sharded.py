"""Fully sharded data parallelism (FSDP2): each process holds a share of every parameter, gradient and moment.

Before a block is computed, the shares of its parameters are gathered, and afterwards let go; the gradients of all
processes are averaged, and each keeps its share. What is in no block is gathered for the whole pass.
"""

import warnings

import torch
from torch import nn
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard
from torch.nn.modules.batchnorm import _BatchNorm

from ..blocks import TYPES, blocks, networks
from ..precision import DTYPES, Precision
from ..pretext.base import Loss, Mean, Objective

# The pass backward begins where a module's results are, and only of what is known are the tensors found.
for _kind in (Loss, Mean):
    torch.export.register_dataclass(_kind)


def shard(objective: Objective, mesh: DeviceMesh, precision: Precision) -> None:
    """Spread an objective's parameters over processes, in place.

    Args:
        objective: Network and loss, the same on all processes.
        mesh: The processes, along one direction.
        precision: In which parameters are gathered; gradients are averaged in fp32.
    """
    # What a block gives back is nowhere changed in place.
    warnings.filterwarnings("ignore", message="FSDP2-wrapped module .* returned a view tensor")
    # Inputs are left as they are: autocast knows which operations need fp32.
    policy = MixedPrecisionPolicy(DTYPES[precision], torch.float32, cast_forward_inputs=False)
    # BatchNorm takes no other precision than its statistics'; all of them together are few numbers.
    norms: list[nn.Module] = [each for each in objective.modules() if isinstance(each, _BatchNorm)]
    if norms and precision != "fp32":
        fully_shard(norms, mesh=mesh, reshard_after_forward=False)
    for block in _blocks(objective):
        fully_shard(block, mesh=mesh, mp_policy=policy)
    fully_shard(objective, mesh=mesh, mp_policy=policy)


def _blocks(objective: Objective) -> list[nn.Module]:
    """The blocks of its networks, as far as it is known where they are."""
    known = (network for network in networks(objective) if network.config.model_type in TYPES)
    return [block for network in known for block in blocks(network)]
