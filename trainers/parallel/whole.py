"""A network that is spread over processes, put together again."""

from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule
from torch.distributed.tensor import DTensor, Replicate

from ..pretext.base import Batch, Objective
from ..runs import Run


def whole(tensor: Tensor) -> Tensor:
    """All of a tensor of which each process may hold a share; all of them have to ask."""
    if not isinstance(tensor, DTensor):
        return tensor
    # One direction of the mesh after the other, the last one first that a share was cut along.
    for direction in range(tensor.device_mesh.ndim):
        replicated = [Replicate() if at <= direction else how for at, how in enumerate(tensor.placements)]
        tensor = tensor.redistribute(placements=replicated)
    found: Tensor = tensor.to_local()
    return found


def whole_state(module: nn.Module, *, keep: bool) -> dict[str, Tensor]:
    """A module's state on the CPU, one parameter gathered after the other; all processes have to ask.

    Args:
        module: Of which each process may hold shares.
        keep: Whether this process is one that wants it; the others get nothing.
    """
    state = {}
    for name, tensor in module.state_dict().items():
        gathered = whole(tensor.detach())
        if keep:
            state[name] = gathered.cpu()
    return state


def whole_objective(run: Run, objective: Objective) -> Objective | None:
    """A run's objective for one process alone, which writes, draws and evaluates; all processes have to ask.

    Returns:
        The objective itself where each process has all of it, else another one with its state, on the CPU; None for
        processes that are not the main one.
    """
    main = objective.world.main
    # By the modules, since a parameter that was gathered for a pass may be whole just now.
    if not any(isinstance(each, FSDPModule) for each in objective.modules()):
        return objective if main else None
    state = whole_state(objective, keep=main)
    if not main:
        return None
    alone = run.untrained()
    alone.load_state_dict(state)
    return alone.train(objective.training)


def beside(batch: Batch, module: nn.Module) -> Batch:
    """A batch where a module's parameters are."""
    device = next(module.parameters()).device
    return {name: rows.to(device) for name, rows in batch.items()}
