"""SimCLR: tell which two of all views in a batch are of one picture.

Chen, Kornblith, Norouzi, Hinton 2020, "A Simple Framework for Contrastive Learning of Visual Representations", section
2 and appendices A and B.9; the numbers are those of the authors' code.

Of each of the G pictures of a batch V = 2 views are drawn. The encoder f makes of a view its features, the projection
head g of those an embedding z = g(f(view)). With s(a, b) = cos(z_a, z_b) / temperature, for every view a, whose
counterpart is p(a), among all G V views b of the global batch:

    loss = - 1 / (G V) * sum over a of log(exp s(a, p(a)) / sum over b != a of exp s(a, b))

A sample, of the preset's views:

    view     (V, C, S, S) uint8   random crops, flipped, their colours changed

Views may be of several kinds of one size (`byol`), and more than two (see `nt_xent`). Statistics of BatchNorm are taken
over the views of as many samples as the recipe's `norm_group` says, by default over the global batch, as in the paper.
What is kept are the features (the class token of a transformer, the mean over all places of a convolutional network);
the head is thrown away.

Deviations of `paper` (ResNet-50, 1000 epochs) and `cifar` (ResNet-18, 1000 epochs): views as their presets say; in
`paper` the last scale of each residual branch begins at 1, not at 0, as transformers' ResNet has it. The `small` recipe
is for pictures of 32 x 32 in CPU minutes: a narrow network, AdamW, and a temperature for small batches.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from ..backbones import BackboneRecipe, hidden_width, image_encoder, image_features
from ..data import DataFacts
from ..image_pretext import ImagePretext
from ..layers.heads import projection_head
from ..losses.nt_xent import ANCHORS, nt_xent
from ..samples.ranges import Count, Positive
from ..samples.views import presets
from ..samples.views.choice import SAID, AnyView, Like
from ..samples.views.view import View
from .base import Batch, CoupledObjective, Drawing, Loss, PretextExample

_LARS = {"name": "lars", "lr_batch": 256, "weight_decay": 1e-4}


def _squares(side: int) -> bytes:
    """A small picture, as the bytes of its file."""
    stream = io.BytesIO()
    levels = (np.arange(3 * side * side, dtype=np.uint8) ** 2).reshape(side, side, 3)
    Image.fromarray(levels).save(stream, "PNG")
    return stream.getvalue()


@dataclass(frozen=True, kw_only=True)
class Simclr(ImagePretext):
    """Parameters and worker half.

    Args:
        views: Two views or more, S pixels a side.
        temperature: Of the softmax over all views.
        layers: Linear layers of the projection head, each followed by BatchNorm.
        hidden: Features of its inner layers; None: as many as the network has.
        out: Numbers of an embedding.
        mean: Of the pixels (0 to 1), for each channel, taken from them before the network; empty: none.
        std: Of the pixels, for each channel, by which they are then divided; empty: none.
    """

    views: Annotated[tuple[AnyView, ...], Like("simclr"), SAID] = presets.simclr()
    temperature: Positive = 0.1
    layers: Count = 3
    hidden: Count | None = None
    out: Count = 128
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    recipes: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "small": {
            "pretext": {"views": {"preset": "simclr_cifar"}, "temperature": 0.2, "out": 64},
            "backbone": {
                "type": "cifar_resnet",
                "embedding_size": 16,
                "hidden_sizes": [16, 32, 64, 128],
                "depths": [1, 1, 1, 1],
            },
            "optimizer": {"name": "adamw", "lr": 3e-3, "betas": [0.9, 0.95], "weight_decay": 1e-4},
            "schedule": {"name": "cosine", "warmup": 50},
            "batch_size": 256,
            "steps": 600,
            "checkpoint_every": 200,
        },
        "cifar": {
            "pretext": {"views": {"preset": "simclr_cifar"}, "temperature": 0.5},
            "backbone": {"type": "cifar_resnet"},
            "optimizer": {**_LARS, "lr": 1.0},
            # 1000 epochs of 50,000 pictures, 10 of them warm-up.
            "schedule": {"name": "cosine", "warmup": 976},
            "batch_size": 512,
            "steps": 97_657,
            "precision": "bf16",
            "checkpoint_every": 1_953,
            "log_every": 50,
        },
        "paper": {
            "backbone": {"type": "resnet", "depths": [3, 4, 6, 3], "hidden_sizes": [256, 512, 1024, 2048]},
            "optimizer": {**_LARS, "lr": 0.3},
            # 1000 epochs of ImageNet's 1,281,167 images, 10 of them warm-up.
            "schedule": {"name": "cosine", "warmup": 3_127},
            "batch_size": 4096,
            "steps": 312_785,
            "precision": "bf16",
            "checkpoint_every": 3_128,
            "log_every": 50,
        },
    }
    examples: ClassVar[Sequence[PretextExample]] = (
        PretextExample(
            record={"png": _squares(11)},
            parameters={"views": {"size": 8}, "layers": 2, "out": 8, "images": ["png"]},
            backbone={"type": "cifar_resnet", "embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]},
        ),
        PretextExample(
            record={"png": _squares(11)},
            parameters={
                "views": [{"preset": "byol", "size": 8}, {"size": 8, "count": 2}],
                "layers": 1,
                "channels": 1,
                "mean": [0.5],
                "std": [0.2],
                "images": ["png"],
            },
            backbone={
                "type": "vit",
                "patch_size": 4,
                "hidden_size": 16,
                "num_hidden_layers": 1,
                "num_attention_heads": 2,
                "intermediate_size": 32,
            },
        ),
    )

    def __post_init__(self) -> None:
        if sum(view.count for view in self.views) < 2:
            raise ValueError("views must be two at least, so that there is another one to find")
        if len(sizes := {view.size for view in self.views if isinstance(view, View)}) > 1:
            raise ValueError(f"views must be of one size, not of {', '.join(map(str, sorted(sizes)))} pixels")
        if not {len(self.mean), len(self.std)} <= {0, self.channels}:
            raise ValueError(f"mean and std need one number for each of the {self.channels} channels, or none")

    @property
    def network(self) -> dict[str, Any]:
        """See `Pretext.network`."""
        return {"image_size": self.first.size, "num_channels": self.channels}

    def objective(self, backbone: BackboneRecipe) -> "SimclrObjective":
        """See `Pretext.objective`."""
        return SimclrObjective(self, image_encoder(backbone, self.network))


class SimclrObjective(CoupledObjective):
    """Device half: the encoder, the projection head that is thrown away, and the loss."""

    level: Tensor
    spread: Tensor

    def __init__(self, pretext: Simclr, backbone: Any) -> None:
        super().__init__()
        self.backbone = backbone
        self.names, self.plain = [view.name for view in pretext.views], pretext.first.name
        self.temperature = pretext.temperature
        width = hidden_width(backbone)
        self.head = projection_head(width, pretext.hidden or width, pretext.out, layers=pretext.layers, last="scale")
        for layer in self.head:
            if isinstance(layer, nn.Linear):
                nn.init.normal_(layer.weight, std=0.01)
        for name, values in (("level", pretext.mean or (0.0,)), ("spread", pretext.std or (1.0,))):
            self.register_buffer(name, 255 * torch.tensor(values)[:, None, None], persistent=False)

    def targets(self, batch: Batch) -> dict[str, Tensor]:
        """See `Objective.targets`: all views."""
        views = [batch[name] for name in self.names]
        return {ANCHORS: torch.tensor(sum(each.shape[:2].numel() for each in views), device=views[0].device)}

    def embed(self, batch: Batch) -> Tensor:
        """See `CoupledObjective.embed`."""
        views = self._views(batch)
        embeddings: Tensor = self.head(self._encoded(views.flatten(0, 1)))
        return embeddings.view(*views.shape[:2], -1)

    def couple(self, embeddings: Tensor, rows: slice) -> Loss:
        """See `CoupledObjective.couple`."""
        return nt_xent(embeddings, rows, self.temperature)

    def features(self, batch: Batch) -> Tensor:
        """The encoder's features, (B, D)."""
        return self._encoded(batch[self.plain].flatten(0, 1))

    def draw(self, batch: Batch, data: DataFacts) -> list[Drawing]:
        """Of each sample two views, and of all other samples' views the one nearest to the first."""
        views = self._views(batch)
        vectors = F.normalize(self.embed(batch).float(), dim=-1)
        cosines = torch.einsum("bd,cvd->bcv", vectors[:, 0], vectors)
        itself = torch.eye(len(views), dtype=torch.bool, device=views.device)
        nearest, place = cosines.masked_fill(itself[..., None], -torch.inf).flatten(1).max(1)
        gap = views.new_full((*views.shape[:1], *views.shape[2:4], views.shape[4] // 8), 255)
        panels = torch.cat((views[:, 0], views[:, 1], gap, views.flatten(0, 1)[place]), 3)
        pictures = panels.permute(0, 2, 3, 1).squeeze(-1).cpu().numpy()
        rows = zip(cosines.diagonal()[1].tolist(), nearest.tolist(), pictures, strict=True)
        return [Drawing(_caption(same, other), pixels) for same, other, pixels in rows]

    def _views(self, batch: Batch) -> Tensor:
        """(B, V, C, S, S) all views."""
        return torch.cat([batch[name] for name in self.names], 1)

    def _encoded(self, views: Tensor) -> Tensor:
        """(N, D) the features of views (N, C, S, S)."""
        return image_features(self.backbone, (views - self.level) / self.spread)


def _caption(same: float, other: float) -> str:
    found = "the other view is nearer" if same > other else "another picture is nearer"
    return f"{found}: two views of a picture (cosine {same:.2f}), and the nearest of other pictures here ({other:.2f})"
