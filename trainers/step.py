"""One step's gradients, and what it found: from this process' rows of a global batch.

With targets T_k of term k over the whole global batch and s_k the sum of that term over a micro-batch, the loss is
sum over k of (sum over all micro-batches of all processes of s_k) / T_k. A parallel wrapper averages gradients over R
processes; so each micro-batch goes backward from R * sum over k of s_k / T_k.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .distributed import World, local_gradients
from .pretext.base import Batch, Loss, Mean, Objective

Autocast = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True)
class Outcome:
    """What a step found on this process.

    Args:
        terms: Of each term of the loss the sum over this process' targets.
        targets: Of each term the targets of the whole global batch.
        metrics: What else the objective reports, of this process.
    """

    terms: Mapping[str, Tensor]
    targets: Mapping[str, float]
    metrics: Mapping[str, Mean]

    def line(self, world: World) -> dict[str, float]:
        """Loss, its terms where there are several, and metrics of the whole global batch; every process must ask."""
        parts = {f"term {name}": value for name, value in self.terms.items()}
        parts |= {f"total {name}": mean.total for name, mean in self.metrics.items()}
        parts |= {f"count {name}": mean.count for name, mean in self.metrics.items()}
        summed = world.sum(parts)
        terms = {name: summed[f"term {name}"] / self.targets[name] for name in self.terms}
        metrics = {name: summed[f"total {name}"] / max(1.0, summed[f"count {name}"]) for name in self.metrics}
        shown = {f"loss_{name}": value for name, value in terms.items()} if len(terms) > 1 else {}
        return {"loss": sum(terms.values()), **shown, **metrics}


def backward(
    objective: Objective,
    parallel: nn.Module,
    batch: Batch,
    world: World,
    *,
    accumulate: int = 1,
    autocast: Autocast = nullcontext,
    seed: Callable[[int], int] = lambda row: row,
) -> Outcome:
    """Leave the gradients of the global batch's loss in the parameters.

    Args:
        objective: Network and loss.
        parallel: The same, as it must be called.
        batch: This process' rows of the global batch.
        world: The processes.
        accumulate: Micro-batches; micro-batch a holds the rows a, a + accumulate, ...
        autocast: The precision of the forward pass.
        seed: For torch's generators, from the row of the global batch with which a micro-batch begins.
    """
    parts = [{name: rows[first::accumulate] for name, rows in batch.items()} for first in range(accumulate)]
    first_row = world.rank * len(next(iter(batch.values())))
    counts = [objective.targets(part) for part in parts]
    targets = world.sum({name: torch.stack([count[name] for count in counts]).sum() for name in counts[0]})
    targets = {name: max(1.0, count) for name, count in targets.items()}
    losses = []
    for number, part in enumerate(parts):
        torch.manual_seed(seed(first_row + number))
        last = number == accumulate - 1
        with nullcontext() if last else local_gradients(parallel):
            with autocast():
                loss: Loss = parallel({name: rows.to(world.device, non_blocking=True) for name, rows in part.items()})
            scaled = [value * (world.size / targets[name]) for name, value in loss.terms.items()]
            torch.autograd.backward(torch.stack(scaled).sum())
        losses.append(loss)
    return _added(losses, targets)


def _added(losses: list[Loss], targets: Mapping[str, float]) -> Outcome:
    first = losses[0]
    terms = {name: torch.stack([loss.terms[name].detach() for loss in losses]).sum() for name in first.terms}
    metrics = {name: _merged([loss.metrics[name] for loss in losses]) for name in first.metrics}
    return Outcome(terms, targets, metrics)


def _merged(means: Sequence[Mean]) -> Mean:
    return Mean(torch.stack([each.total for each in means]).sum(), torch.stack([each.count for each in means]).sum())
