"""Tensor parallelism: the matrices of a block are computed by several processes together, on the same samples.

Which ones transformers says of each type of network (`base_model_tp_plan`): those into which the hidden states go are
split by their outputs, those that lead back to the hidden states by their inputs, so that each process computes some
heads of the attention and some features of the MLP, and two sums over processes end a block (Shoeybi et al. 2019,
"Megatron-LM", section 3). Embeddings, norms and the head are computed by each process.
"""

from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

from headrace.shards.base.errors import RecipeError

from ..pretext.base import Objective

STYLES = {"colwise": ColwiseParallel, "rowwise": RowwiseParallel}
DIVIDED = ("num_attention_heads", "num_key_value_heads", "intermediate_size")
"""Of a network's configuration, what is dealt to the processes."""


def split_matrices(objective: Objective, mesh: DeviceMesh) -> None:
    """Split the matrices of an objective's network over processes, in place.

    Raises:
        RecipeError: The network is of a type that cannot be split, or does not divide.
    """
    network = objective.backbone.base_model
    config = network.config
    plan = config.base_model_tp_plan or {}
    if not plan or not set(plan.values()) <= STYLES.keys():
        raise RecipeError(
            "parallel.tensor: the matrices of this network cannot be split",
            found=f"backbone.type: {config.model_type}",
            expected="a network of the Llama family (llama)",
            remedy="Leave parallel.tensor out; parallel.strategy=fsdp spreads any network",
        )
    for name in DIVIDED:
        if getattr(config, name) % mesh.size():
            raise RecipeError(
                "parallel.tensor does not divide the network",
                found=f"parallel.tensor={mesh.size()}, backbone.{name}={getattr(config, name)}",
                expected=f"a multiple of {mesh.size()}",
                remedy=f"Change parallel.tensor or backbone.{name}",
            )
    parallelize_module(network, mesh, {path: STYLES[style]() for path, style in plan.items()})
