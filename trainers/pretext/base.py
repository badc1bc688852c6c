"""The contract of a pretext task: one file with a worker half and a device half.

    class Mine(Pretext):             parameters; runs in the loader's workers, on numpy
        sample(record, rng)          one record of the stream -> arrays of fixed shapes
        of_batch(samples, rng)       what the records of a global batch share, if anything
        objective(backbone)          the device half, for the network that the recipe asks for

    class MyObjective(Objective):    an nn.Module; runs on the device, on torch
        targets(batch)               how many targets each term of the loss has in this batch
        loss(batch)                  the sum over those targets of each term
        after_step(step, steps)      what to update after the optimizer: teachers, queues, centres

    class MyObjective(CoupledObjective):    instead of loss(batch), where each sample's loss depends on all the others
        embed(batch)                 through the network, row by row
        couple(embeddings, rows)     the sum over the targets of some rows, given all rows' embeddings

**The loss of a step** is the sum over terms of (sum over targets) / (number of targets), where both run over all ranks
and all micro-batches of the step. That is why `targets` is asked before `loss`: the loop adds the counts up over ranks,
then scales each part before its backward pass, so that the gradients do not depend on how the batch was cut. A loss
that couples the rows of a batch, such as a contrastive one, is made of embeddings that are gathered over all ranks and
micro-batches, and goes backward in two parts: from the loss to the embeddings, from those to the parameters.

**Rows.** Row i of each of a batch's tensors is sample i. Where a sample becomes several rows for the network, such as
its views, they stay neighbours: `views.flatten(0, 1)` of (B, V, ...), not `torch.cat` of one batch per view. BatchNorm
takes its statistics over groups of neighbouring samples, whatever class of torch's it is in the objective.

**State.** Whatever lives on from step to step is a parameter or a buffer of the objective, and so is in the
checkpoint; whatever does not learn has `requires_grad=False`. What spans ranks goes through the objective's `world`.

**Randomness.** `sample` draws from `rng` alone, which is keyed by (seed, epoch, sample), and `of_batch` from one that
is keyed by (seed, step): what it gives stands in the records, with `__row__`, the row of the global batch that each is.
On the device, torch's generator is keyed by (seed, step, row) before each micro-batch.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from headrace.shards.base.recipe import refuse_incomplete
from headrace.shards.base.travelling import Travelling
from headrace.shards.stream.sources.transforms import BatchTransform, Transform

from ..backbones import BackboneRecipe
from ..data import DataFacts, Record
from ..distributed import ALONE, World
from ..samples.views.deferred import DeferredViews

Arrays = dict[str, NDArray[Any]]
Batch = Mapping[str, Tensor]


@dataclass(frozen=True)
class Mean:
    """A quantity as its sum and the number of things summed over; over ranks, both are added up."""

    total: Tensor
    count: Tensor


@dataclass(frozen=True)
class Loss:
    """What `Objective.loss` gives back."""

    terms: dict[str, Tensor]
    """Of each term the sum over its targets in this batch: scalars with gradient."""
    metrics: dict[str, Mean] = field(default_factory=dict)
    """What else is worth a line: no gradient."""
    representations: Tensor | None = None
    """What of each sample must not become the same for all, for the watch over collapse: (B, D), or (B, V, D) where V
    views of a sample should agree; no gradient."""


@dataclass(frozen=True)
class Drawing:
    """One example for the report: what the network saw and what it made of it."""

    caption: str
    pixels: NDArray[np.uint8] | None = None
    """(H, W) or (H, W, 3)."""
    text: str = ""


@dataclass(frozen=True)
class PretextExample:
    """Something to try a pretext on: the contract tests build it, sample it and check the laws on it."""

    record: Record
    """One record as the stream gives it, without the keys that begin with two underscores."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    backbone: Mapping[str, Any] = field(default_factory=dict)
    """A tiny network, in the words of a recipe."""


class Objective(nn.Module, ABC):
    """The device half: the network with its heads, and the loss."""

    backbone: Any
    """The network that is kept: a transformers model."""
    world: World = ALONE
    """The processes that share a batch; the loop says which."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """A new one, of a class that keeps the contract.

        Raises:
            PluginError: It lacks a method; names it.
        """
        refuse_incomplete(cls)
        return super().__new__(cls)

    @abstractmethod
    def targets(self, batch: Batch) -> dict[str, Tensor]:
        """The number of targets of each term in this batch, as scalars; needs no pass through the network."""

    @abstractmethod
    def loss(self, batch: Batch) -> Loss:
        """The loss of a batch; a term's value is the sum over its targets."""

    def forward(self, batch: Batch) -> Any:
        """The loss; this is what a parallel wrapper of the module calls."""
        return self.loss(batch)

    def after_step(self, step: int, steps: int) -> None:
        """Update what the optimizer does not, after step `step` (from 0) of `steps`."""

    @abstractmethod
    def features(self, batch: Batch) -> Tensor:
        """(B, D) what the network knows of each view of `Pretext.plain_views`, for the evaluations."""

    def draw(self, batch: Batch, data: DataFacts) -> Sequence[Drawing]:
        """Examples for the report, one for each row of the batch."""
        return ()


class CoupledObjective(Objective):
    """The device half of a pretext whose loss couples all rows of the global batch."""

    @abstractmethod
    def embed(self, batch: Batch) -> Tensor:
        """(B, V, D) the embeddings of each sample's views; but for groups of BatchNorm, no row depends on others."""

    @abstractmethod
    def couple(self, embeddings: Tensor, rows: slice) -> Loss:
        """The loss of some rows among all; must use no parameter that learns.

        Args:
            embeddings: (G, V, D) of the whole global batch, in the order of its rows, fp32.
            rows: Whose targets the terms are summed over.
        """

    def loss(self, batch: Batch) -> Loss:
        """See `Objective.loss`: of a batch that is the whole global batch."""
        embeddings = self.embed(batch)
        return self.couple(embeddings.float(), slice(0, len(embeddings)))

    def forward(self, batch: Batch) -> Tensor:
        """The embeddings; the loss needs those of other processes, too."""
        return self.embed(batch)


@dataclass(frozen=True, kw_only=True)
class Pretext(Travelling, ABC):
    """The worker half: parameters, and how a record becomes a sample. Picklable, and never on the device."""

    recipes: ClassVar[Mapping[str, Mapping[str, Any]]]
    """Default recipes by name: `small` (minutes on a CPU) and `paper` (the original's numbers). Their keys are those of
    a training recipe; under `pretext` stand the parameters alone."""
    examples: ClassVar[Sequence[PretextExample]] = ()

    def bind(self, data: DataFacts) -> Self:
        """This pretext with what only the data can tell, such as the vocabulary.

        Raises:
            RecipeError: The shards do not hold what this pretext reads.
        """
        return self

    def advice(self, records: Iterable[Record]) -> str:
        """What somebody should know who trains on such records, since it is seldom meant; "" where that is nothing.

        Args:
            records: Some of the data; see `plain_views`. They are read as they are asked for.
        """
        return ""

    @property
    def window(self) -> int | None:
        """Tokens to read per sample; None where a record is a sample."""
        return None

    @property
    def fields(self) -> tuple[str, ...] | None:
        """The fields to read and decode; None for all."""
        return None

    @property
    def tokens(self) -> int | None:
        """Tokens (or patches) of one sample, for the throughput; None where it is not cut into any."""
        return None

    @property
    @abstractmethod
    def network(self) -> Mapping[str, Any]:
        """What the input demands of the network's configuration, such as `vocab_size` or `image_size`."""

    @property
    def frame(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The roles of the special tokens that stand before and behind every text, such as `cls`; see `Vocabulary`."""
        return (), ()

    def of_batch(self, samples: int, rng: np.random.Generator) -> Mapping[str, Any]:
        """What all samples of a global batch share, such as the sizes of blocks or the ratios of masks.

        Args:
            samples: G, those of the global batch.
            rng: The batch's own generator, the same on all ranks and in all workers.

        Returns:
            What the records of the batch have as well when `sample` gets them, by name.
        """
        return {}

    @abstractmethod
    def sample(self, record: Record, rng: np.random.Generator) -> Arrays:
        """One record of the stream, its images as bytes, as arrays of shapes and dtypes that are fixed.

        Shapes may depend on what the batch shares, so that they differ from step to step.
        """

    @property
    def transform(self) -> Transform | BatchTransform:
        """What the stream is given: it makes of samples what `sample` makes of each, many at once where that pays."""
        return self.sample

    @property
    def deferred(self) -> DeferredViews | None:
        """The same with as much as possible left to the device; None where there is nothing to leave."""
        return None

    @abstractmethod
    def plain_views(self, record: Record) -> Sequence[Arrays]:
        """A record as the evaluations see it, with nothing random; its features are the mean over the views.

        Args:
            record: A sample whose images are bytes, or a whole document as `{"tokens": (n,)}`.
        """

    @abstractmethod
    def objective(self, backbone: BackboneRecipe) -> Objective:
        """The device half around an untrained network.

        Raises:
            RecipeError: The network cannot take this input, or is no valid configuration.
        """
