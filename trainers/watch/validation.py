"""The pretext's own loss on samples of other shards: in one finite pass, over the same samples and views every time.

Views and masks are drawn from a key that no recipe changes, and torch's generators are keyed by the batch. So the
numbers of two steps, or of two runs, differ by their networks alone, but for the order in which sums are added up. All
processes take part, each with its rows of every batch, and what they find is added up, so that each sample counts once.

A loss that couples the rows of a batch is that of whole batches, the last of which may be smaller; its size is part of
what is measured.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headrace.shards.base.errors import RecipeError
from headrace.shards.stream import Stream
from headrace.shards.stream.delivery import tensors

from ..data import RECORD_CODECS, DataFacts
from ..distributed import World
from ..metrics import VALIDATION
from ..modes import evaluating
from ..precision import autocast
from ..pretext.base import Batch, CoupledObjective, Loss, Mean, Objective
from ..rendering import rendering
from ..runs import Run, device_seed
from ..samples.batches import Batches
from ..step import added, refuse_one_sample
from .recipe import ValidationRecipe

_SEED = 0


class Validation:
    """Passes over the samples; a callable that gives `val_loss` and the objective's own metrics.

    Args:
        run: The run, whose recipe has a `validation`.
        recipe: That part of it.
        world: The run's processes, all of which must make one and call it together.
        objective: Network and loss.

    Raises:
        ManifestError: There are no shards.
        RecipeError: They are not what the pretext reads, or not enough at a time for its loss.
        UsageError: A batch is smaller than the number of processes.
    """

    def __init__(self, run: Run, recipe: ValidationRecipe, world: World, objective: Objective) -> None:
        model, data = run.recipe.model, DataFacts.of(recipe.url)
        _refuse_other_tokenizer(run.data, data)
        pretext = run.recipe.pretext.bind(data)
        batch_size = recipe.batch_size or model.batch_size
        refuse_one_sample(objective, batch_size, "validation.batch_size")
        batches = Batches(_SEED, batch_size)
        transform, self._finish = rendering(pretext, model.data.render, world.device, batches)
        stream = Stream(
            recipe.url,
            seed=_SEED,
            window=pretext.window,
            fields=pretext.fields,
            transform=transform,
            codecs=RECORD_CODECS,
            tolerated=model.data.tolerated,
        )
        self._batches = stream.one_pass(batch_size, rank=world.rank, world_size=world.size, samples=recipe.samples)
        self._first_row = world.rank * (batch_size // world.size)
        self._precision, self._world, self._objective = model.precision, world, objective

    def __call__(self, tell: Callable[[str], None]) -> dict[str, float]:
        """Go through the samples once.

        Args:
            tell: Is told how far that is.
        """
        found = []
        with evaluating(self._objective), torch.no_grad():
            for number, (batch, real) in enumerate(self._batches):
                tell(f"validation {number}/{len(self._batches)}")
                torch.manual_seed(device_seed(_SEED, "validation", number, self._first_row))
                found.append(self._judged(self._finish(_as_tensors(batch)), real))
        losses, counts = [loss for loss, _ in found], [count for _, count in found]
        targets = self._world.sum({name: torch.stack([each[name] for each in counts]).sum() for name in counts[0]})
        outcome = added(losses, {name: max(1.0, count) for name, count in targets.items()})
        return {f"{VALIDATION}{name}": value for name, value in outcome.line(self._world).items()}

    def _judged(self, batch: Batch, real: NDArray[np.bool_]) -> tuple[Loss, dict[str, Tensor]]:
        """What this process adds to the loss of a batch, and to the number of its targets.

        Args:
            batch: Its rows, as many in each process.
            real: Which of them count.
        """
        # Every process calls the network, of which each may hold a part: one without a real row does so in vain.
        rows = torch.from_numpy(np.flatnonzero(real) if real.any() else np.zeros(1, np.int64)).to(self._world.device)
        kept = {name: column[rows] for name, column in batch.items()}
        counts = self._objective.targets(kept)
        if isinstance(self._objective, CoupledObjective):
            # Every process has the whole batch's loss then, and the first one tells it.
            loss, counting = self._coupled(self._objective, batch, real), self._world.rank == 0
        else:
            with autocast(self._precision, self._world.device):
                loss, counting = self._objective(kept), bool(real.any())
        if not real.any():
            counts = {name: torch.zeros_like(count) for name, count in counts.items()}
        return (replace(loss, representations=None) if counting else _nothing(loss)), counts

    def _coupled(self, objective: CoupledObjective, batch: Batch, real: NDArray[np.bool_]) -> Loss:
        with autocast(self._precision, self._world.device):
            embeddings = objective(batch)
        which = torch.from_numpy(real.astype(np.uint8)).to(self._world.device)
        every = self._world.gathered(embeddings.float())[self._world.gathered(which).bool()]
        return objective.couple(every, slice(0, len(every)))


def _as_tensors(batch: Mapping[str, Any]) -> dict[str, Any]:
    """A batch of the pass as the loader would deliver it."""
    return {
        name: tensors.delivered(
            column.astype(tensors.widened(column.dtype), copy=False) if isinstance(column, np.ndarray) else column
        )
        for name, column in batch.items()
    }


def _nothing(loss: Loss) -> Loss:
    """A loss of the same names to which nothing is added."""
    terms = {name: torch.zeros_like(value) for name, value in loss.terms.items()}
    metrics = {
        name: Mean(torch.zeros_like(mean.total), torch.zeros_like(mean.count)) for name, mean in loss.metrics.items()
    }
    return Loss(terms, metrics)


def _refuse_other_tokenizer(training: DataFacts, other: DataFacts) -> None:
    one, two = training.manifest.tokenizer, other.manifest.tokenizer
    if one is not None and two is not None and one.sha256 != two.sha256:
        raise RecipeError(
            "the tokens of validation.url are not those of the training",
            found=f"a tokenizer of {two.vocabulary:,} tokens, sha256 {two.sha256[:12]}..., in {other.url}",
            expected=f"one of {one.vocabulary:,} tokens, sha256 {one.sha256[:12]}..., as in {training.url}",
            remedy="Build both from the same tokenizer: `output.tokenizer` of a build recipe takes a tokenizer.json",
        )
