"""One step's gradients, and what it found: from this process' rows of a global batch.

With targets T_k of term k over the whole global batch and s_k the sum of that term over a micro-batch, the loss is
sum over k of (sum over all micro-batches of all processes of s_k) / T_k. A parallel wrapper averages gradients over R
processes; so each micro-batch goes backward from R * sum over k of s_k / T_k.

Where the loss couples all rows (`CoupledObjective`), each process makes it for its own rows from the embeddings E of
all. The sum over processes of dLoss/dE is the gradient of the whole loss, and its rows of this process go on backward
through the network. With several micro-batches the network is run twice, first for the embeddings alone, so that no
more than one micro-batch is ever in memory (GradCache: Gao, Zhang, Han, Callan 2021, "Scaling Deep Contrastive Learning
Batch Size under Memory Limited Setup", section 3).
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from headrace.shards.base.errors import RecipeError

from .distributed import World
from .parallel.placing import local_gradients
from .pretext.base import Batch, CoupledObjective, Loss, Mean, Objective

Autocast = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True)
class Outcome:
    """What a step found on this process.

    Args:
        terms: Of each term of the loss the sum over this process' targets.
        targets: Of each term the targets of the whole global batch.
        metrics: What else the objective reports, of this process.
        representations: What must not collapse, of this process' rows; see `Loss`.
    """

    terms: Mapping[str, Tensor]
    targets: Mapping[str, float]
    metrics: Mapping[str, Mean]
    representations: Tensor | None = None

    def line(self, world: World) -> dict[str, float]:
        """Loss, its terms where there are several, and metrics of the whole global batch; every process must ask."""
        parts = {f"term {name}": value for name, value in self.terms.items()}
        parts |= {f"total {name}": mean.total for name, mean in self.metrics.items()}
        parts |= {f"count {name}": mean.count for name, mean in self.metrics.items()}
        summed = world.sum(parts)
        terms = {name: summed[f"term {name}"] / self.targets[name] for name in self.terms}
        metrics = {name: summed[f"total {name}"] / (summed[f"count {name}"] or 1.0) for name in self.metrics}
        shown = {f"loss_{name}": value for name, value in terms.items()} if len(terms) > 1 else {}
        return {"loss": sum(terms.values()), **shown, **metrics}


@dataclass(frozen=True)
class Passes:
    """The passes of a step's micro-batches through the network.

    Args:
        parallel: The objective as it must be called.
        parts: The micro-batches, on the device.
        seeds: Of each, for torch's generators.
        autocast: The precision of the forward pass.
    """

    parallel: nn.Module
    parts: Sequence[Batch]
    seeds: Sequence[int]
    autocast: Autocast

    def __len__(self) -> int:
        return len(self.parts)

    def forward(self, number: int) -> Loss | Tensor:
        """What the objective makes of a micro-batch; the same whenever it is asked."""
        torch.manual_seed(self.seeds[number])
        with self.autocast():
            made: Loss | Tensor = self.parallel(self.parts[number])
        return made

    def gradients(self, number: int) -> AbstractContextManager[None]:
        """Within it forward and backward of a micro-batch must be; processes exchange gradients with the last one."""
        return nullcontext() if number == len(self.parts) - 1 else local_gradients(self.parallel)


def refuse_one_sample(objective: Objective, batch_size: int, key: str) -> None:
    """Refuse batches of one sample where a sample's loss is about the others of its batch.

    Raises:
        RecipeError: There is nothing to compare it with, so that its loss would be 0 and nothing learned.
    """
    if isinstance(objective, CoupledObjective) and batch_size < 2:
        raise RecipeError(
            "this pretext compares each sample with the others of its batch, and there are none",
            found=f"{key}={batch_size}, over all processes and micro-batches",
            expected="at least 2, and better some hundreds",
            remedy=f"Raise {key}; where memory is short, accumulate cuts a step's batch up, its loss the same",
        )


def backward(
    objective: Objective,
    parallel: nn.Module,
    batch: Batch,
    world: World,
    *,
    accumulate: int = 1,
    autocast: Autocast = nullcontext,
    seed: Callable[[int], int] = lambda row: row,
    scale: float = 1.0,
) -> Outcome:
    """Leave the gradients of the global batch's loss in the parameters.

    Args:
        objective: Network and loss.
        parallel: The same, as it must be called.
        batch: This process' rows of the global batch, a multiple of `accumulate`.
        world: The processes.
        accumulate: Micro-batches; each holds as many consecutive rows.
        autocast: The precision of the forward pass.
        seed: For torch's generators, from the row of the global batch with which a micro-batch begins.
        scale: What the loss is multiplied by, and so the gradients; for those that fp16 would round to nothing.
    """
    rows = len(next(iter(batch.values())))
    parts = [{name: column[part] for name, column in batch.items()} for part in _cut(rows, accumulate)]
    counts = [objective.targets(part) for part in parts]
    targets = world.sum({name: torch.stack([count[name] for count in counts]).sum() for name in counts[0]})
    targets = {name: max(1.0, count) for name, count in targets.items()}
    seeds = [seed(world.rank * rows + part.start) for part in _cut(rows, accumulate)]
    passes = Passes(parallel, parts, seeds, autocast)
    weights = {name: scale * world.size / count for name, count in targets.items()}
    if isinstance(objective, CoupledObjective):
        losses = [_coupled(objective, passes, world, weights)]
    else:
        losses = [_separate(passes, number, weights) for number in range(accumulate)]
    return added(losses, targets)


def _separate(passes: Passes, number: int, weights: Mapping[str, float]) -> Loss:
    """A micro-batch of which no row's loss depends on rows elsewhere."""
    with passes.gradients(number):
        loss = passes.forward(number)
        assert isinstance(loss, Loss)
        total = _weighted(loss, weights)
        total.backward(_slope(total))  # type: ignore[no-untyped-call]
    # The graph is not to be kept until the step's last micro-batch.
    return replace(loss, terms={name: value.detach() for name, value in loss.terms.items()})


def _coupled(objective: CoupledObjective, passes: Passes, world: World, weights: Mapping[str, float]) -> Loss:
    """All micro-batches, the loss of which is made of the embeddings of all processes."""
    alone = len(passes) == 1
    with nullcontext() if alone else torch.no_grad():
        made = [passes.forward(number) for number in range(len(passes))]
    here = torch.cat([_tensor(each).detach().float() for each in made])
    every = world.gathered(here).requires_grad_()
    rows = slice(world.rank * len(here), (world.rank + 1) * len(here))
    loss = objective.couple(every, rows)
    total = _weighted(loss, weights)
    (slopes,) = torch.autograd.grad(total, every, _slope(total))
    mine = world.summed(slopes)[rows]
    for number, part in enumerate(_cut(len(here), len(passes))):
        with passes.gradients(number):
            embeddings = _tensor(made[number] if alone else passes.forward(number))
            embeddings.backward(mine[part].to(embeddings.dtype))  # type: ignore[no-untyped-call]
    return replace(loss, terms={name: value.detach() for name, value in loss.terms.items()})


def _cut(rows: int, parts: int) -> list[slice]:
    """Consecutive rows in equal parts."""
    size = rows // parts
    return [slice(first, first + size) for first in range(0, size * parts, size)]


def _tensor(made: Loss | Tensor) -> Tensor:
    assert isinstance(made, Tensor)
    return made


def _weighted(loss: Loss, weights: Mapping[str, float]) -> Tensor:
    return torch.stack([value * weights[name] for name, value in loss.terms.items()]).sum()


def _slope(total: Tensor) -> Tensor:
    """What a pass backward begins with: 1; no number where the loss is none, so that no gradient of the step is one.

    All processes find that out by the gradients, as whatever else goes wrong with them, and none has to ask.
    """
    return 1 + 0 * total.detach()


def added(losses: Sequence[Loss], targets: Mapping[str, float]) -> Outcome:
    """What this process' micro-batches found, together; `targets` are those of the whole global batch."""
    first, told = losses[0], [loss.representations for loss in losses if loss.representations is not None]
    terms = {name: torch.stack([loss.terms[name] for loss in losses]).sum() for name in first.terms}
    metrics = {name: _merged([loss.metrics[name] for loss in losses]) for name in first.metrics}
    return Outcome(terms, targets, metrics, torch.cat(told) if told else None)


def _merged(means: Sequence[Mean]) -> Mean:
    return Mean(torch.stack([each.total for each in means]).sum(), torch.stack([each.count for each in means]).sum())
