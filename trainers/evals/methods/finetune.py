"""Fine-tuning: how far the whole network with a linear head comes in learning the labels, trained before or not.

The recipe is that of MAE's and BEiT's classifiers (He et al. 2021, table 9), cut down to what a small network on few
labels needs: AdamW with a layer-wise learning rate, warm-up and half a cosine, no mixing of pictures. The head begins
at zero, on features that are standardised as for the linear probe, by what the network made of the training records
before. A picture is shown as a mild random square, mirrored half of the time, and tested whole; of a document all
windows that make up its features are shown, and their mean is classified: nothing of it is random. Which records and
crops a step sees depends on the seed and the step alone.

Smaller crops cost more than they gain in few steps: with 1,000 labels of Fashion-MNIST and a small MAE 69% of 500 test
pictures are found after 156 steps with crops from .6, 73% from .8, 77% with none; and 77% from .8 after 600 steps.

BatchNorm normalises by the batch while the network learns, and by exact moments of the training records' plain views
when it is tested. Whatever the features pass through learns, except what the pretext itself keeps fixed.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from headrace.shards.base.errors import PluginError, TrainingError
from headrace.shards.base.progress import Advance
from headrace.shards.base.rng import generator

from ...blocks import TYPES, networks
from ...data import Record
from ...distributed import ALONE
from ...image_pretext import ImagePretext
from ...layers.batch_norm import arrange
from ...modes import evaluating
from ...optimizers import AdamwRecipe
from ...optimizers.clipping import clip_gradients
from ...optimizers.groups import set_rates
from ...pretext.base import Arrays, Objective, Pretext
from ...runs import device_seed
from ...samples.views.image_views import ImageViews
from ...samples.views.view import View
from ...schedules import DecayRecipe
from ..base import Labels, NetworkEvaluation, Rows
from ..examination import Candidate, Examination
from ..features import mean_features
from ..recalibration import calibration_rows, recalibrated

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(gt=0)]
Positive = Annotated[float, Field(gt=0)]
_TESTED = 64
"""Records that are tested at once."""
Views = Callable[[Record, np.random.Generator], Sequence[Arrays]]


@dataclass(frozen=True, kw_only=True)
class Finetune(NetworkEvaluation):
    """The network with a linear head, trained on the labelled records.

    Args:
        epochs: How often each record is shown.
        least_steps: Steps of the optimizer, where the epochs are fewer.
        batch_size: Records of a step.
        lr: The peak learning rate.
        layer_decay: How much slower a layer learns than the next one; null: .75, or 1 where it is not known what the
            network's layers are.
        weight_decay: Of matrices.
        warmup: The share of the steps over which the rate rises.
        crop: The least and the largest share of a picture that is shown.
        flip: The probability of mirroring a picture left to right.
    """

    epochs: Count = 10
    least_steps: Count = 300
    batch_size: Count = 64
    lr: Positive = 1e-3
    layer_decay: Annotated[float, Field(gt=0, le=1)] | None = None
    weight_decay: Annotated[float, Field(ge=0)] = 0.05
    warmup: Share = 0.1
    crop: tuple[Share, Share] = (0.8, 1.0)
    flip: Share = 0.5

    def predict(self, candidate: Candidate, train: Rows, test: Rows, advance: Advance) -> Labels:
        """See `NetworkEvaluation.predict`."""
        exam = candidate.exam
        tuned = self.tuned(candidate, train, exam.recipe.model.seed, advance)
        with recalibrated(tuned.objective, exam.pretext, exam.records, calibration_rows(train), exam.device):
            return _predicted(tuned, exam, test)

    def tuned(self, candidate: Candidate, train: Rows, seed: int, advance: Advance) -> "Tuned":
        """A copy of the network with a head, having learned the labels of `train`.

        Args:
            candidate: The network.
            train: Numbers among the records of the examination.
            seed: Of the order and the crops.
            advance: See `predict`.

        Raises:
            PluginError: The network's features carry no gradient.
            TrainingError: Its gradients are not finite.
        """
        exam = candidate.exam
        copy = exam.copy_of(candidate.objective)
        arrange(copy, None, batch_size=1, accumulate=1, world=ALONE)
        tuned = Tuned(copy, candidate.features[train], len(exam.records.classes)).to(exam.device)
        self._train(exam, tuned, train, seed, advance)
        return tuned

    def _train(self, exam: Examination, tuned: "Tuned", train: Rows, seed: int, advance: Advance) -> None:
        records, labels = exam.records.some(train), torch.from_numpy(exam.records.labels[train])
        views, size = self._views(exam.pretext), min(self.batch_size, len(train))
        steps = max(self.least_steps, self.epochs * len(train) // size)
        schedule = DecayRecipe(name="cosine", warmup=round(self.warmup * steps))
        recipe = AdamwRecipe(lr=self.lr, weight_decay=self.weight_decay, layer_decay=self._decay(tuned), clip=1.0)
        optimizer = recipe.build(tuned, size)
        tuned.train()
        for step in range(steps):
            set_rates(optimizer, self.lr * schedule.factor(step, steps), self.weight_decay)
            shown = _places(len(train), size, step, seed)
            torch.manual_seed(device_seed(seed, "finetune", step))
            logits = tuned([views(records[at], generator("finetune", seed, lap, at)) for lap, at in shown])
            loss = F.cross_entropy(logits, labels[[at for _, at in shown]].to(exam.device))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            if not math.isfinite(clip_gradients(tuned.parameters(), recipe).item()):
                raise TrainingError(
                    f"fine-tuning came to numbers that are not finite, in step {step} of {steps}",
                    remedy="Lower its rate: `evals=[{finetune: {lr: 1e-4}}]`",
                )
            optimizer.step()
            advance(1 / steps, note=f"loss {loss.item():.3f}" if step % 10 == 0 else "")

    def _decay(self, tuned: "Tuned") -> float | None:
        types = {each.config.model_type for each in networks(tuned)}
        return self.layer_decay or (0.75 if types and types <= set(TYPES) else None)

    def _views(self, pretext: Pretext) -> Views:
        """How a record is shown: a picture cropped and mirrored, anything else as the evaluations see it."""
        if not isinstance(pretext, ImagePretext) or type(pretext).plain_views is not ImagePretext.plain_views:
            return lambda record, rng: pretext.plain_views(record)
        first = pretext.first
        view = View(
            name=first.name,
            size=first.size,
            scale=self.crop,
            ratio=(1.0, 1.0),
            interpolation=first.interpolation,
            horizontal_flip=self.flip,
        )
        made = ImageViews((view,), fields=pretext.images, channels=pretext.channels)
        return lambda record, rng: [made.one(dict(record), rng)]


class Tuned(nn.Module):
    """A network with a linear head on its features, less their mean and divided by their deviation as they were.

    Args:
        objective: The network.
        features: (N, D) what it makes of the training records before it learns.
        classes: How many there are.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, objective: Objective, features: NDArray[np.float32], classes: int) -> None:
        super().__init__()
        self.objective = objective
        self.register_buffer("mean", torch.from_numpy(features.mean(0)))
        deviation = features.std(0)
        # What never varied would be blown up by whatever it does later.
        self.register_buffer("scale", torch.from_numpy(1 / np.where(deviation > 1e-6, deviation, 1)))
        self.head = nn.Linear(features.shape[1], classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, views: Sequence[Sequence[Arrays]]) -> Tensor:
        """(B, classes) logits for the views of B records."""
        features = mean_features(self.objective, views, self.head.weight.device)
        if torch.is_grad_enabled() and not features.requires_grad:
            raise PluginError(
                "this pretext's network cannot be fine-tuned",
                found="features without a gradient",
                expected="`Objective.features` that computes them outside of `torch.no_grad()`",
            )
        logits: Tensor = self.head((features.float() - self.mean) * self.scale)
        return logits


def _places(records: int, size: int, step: int, seed: int) -> list[tuple[int, int]]:
    """Which records make up a step's batch, as (epoch, place): an endless row of permutations, cut into batches."""
    positions = range(step * size, (step + 1) * size)
    orders = {lap: generator("finetune", seed, lap).permutation(records) for lap in {p // records for p in positions}}
    return [(p // records, int(orders[p // records][p % records])) for p in positions]


def _predicted(tuned: Tuned, exam: Examination, test: Rows) -> Labels:
    found = []
    with evaluating(tuned), torch.inference_mode():
        for some in np.array_split(test, -(-len(test) // _TESTED)):
            logits = tuned([exam.pretext.plain_views(record) for record in exam.records.some(some)])
            found.append(logits.argmax(1).cpu().numpy())
    return np.concatenate(found)
