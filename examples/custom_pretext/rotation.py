"""A pretext in one file: tell by how much a picture was turned.

Gidaris, Singh, Komodakis 2018, "Unsupervised Representation Learning by Predicting Image Rotations", section 3
(arXiv 1803.07728). Each picture x of B is shown upright and turned by 90, 180 and 270 degrees; with f the network and W
a linear layer:

    loss = - 1 / (4 B) * sum over x and k = 0 .. 3 of log softmax(W f(turned(x, k)))_k

A sample:

    view   (1, C, S, S) uint8   a random crop of the picture, flipped half of the time

Deviations: a small residual network on the global mean of its last places, where the paper has a network in network.
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

from headrace.trainers.backbones import BackboneRecipe, hidden_width, image_encoder, image_features
from headrace.trainers.data import DataFacts
from headrace.trainers.image_pretext import ImagePretext
from headrace.trainers.pretext.base import Batch, Drawing, Loss, Mean, Objective, PretextExample
from headrace.trainers.samples.views.choice import SAID, AnyView, Like, preset

TURNS = 4
_SMALL = {"size": 28, "scale": [0.6, 1.0]}
_NETWORK = {"type": "cifar_resnet", "embedding_size": 16, "hidden_sizes": [16, 32, 64], "depths": [1, 1, 1]}


def _arrow() -> bytes:
    """A small picture with a top, as the bytes of its file."""
    stream, pixels = io.BytesIO(), np.zeros((12, 12), np.uint8)
    pixels[2:4, 2:10] = 255
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


@dataclass(frozen=True, kw_only=True)
class Rotation(ImagePretext):
    """The worker half: which view of a picture is turned.

    Args:
        views: The crop, one view.
    """

    views: Annotated[tuple[AnyView, ...], Like("mae"), SAID] = preset("mae")

    recipes: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "small": {
            "pretext": {"views": _SMALL, "channels": 1},
            "backbone": _NETWORK,
            "optimizer": {"name": "adamw", "lr": 1e-2, "weight_decay": 0.01},
            "schedule": {"name": "cosine", "warmup": 20},
            "batch_size": 64,
            "steps": 300,
        },
    }
    examples: ClassVar[Sequence[PretextExample]] = (
        PretextExample(
            record={"png": _arrow()},
            parameters={"views": {"size": 8, "scale": [0.8, 1.0]}, "channels": 1, "images": ["png"]},
            backbone={"type": "cifar_resnet", "embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]},
        ),
    )

    @property
    def network(self) -> dict[str, Any]:
        """What the pictures demand of the network."""
        return {"image_size": self.first.size, "num_channels": self.channels}

    def objective(self, backbone: BackboneRecipe) -> "RotationObjective":
        """The device half."""
        return RotationObjective(image_encoder(backbone, self.network), self.first.name)


class RotationObjective(Objective):
    """The device half: turns each picture, and tells the turns apart."""

    def __init__(self, backbone: Any, view: str) -> None:
        super().__init__()
        self.backbone, self.view = backbone, view
        self.head = nn.Linear(hidden_width(backbone), TURNS)

    def targets(self, batch: Batch) -> dict[str, Tensor]:
        """All turned pictures."""
        return {"turns": torch.tensor(TURNS * len(batch[self.view]))}

    def loss(self, batch: Batch) -> Loss:
        """See the file's docstring."""
        features, turns = self._turned_features(batch)
        logits = self.head(features).float()
        total = F.cross_entropy(logits, turns, reduction="sum")
        right = (logits.argmax(1) == turns).sum()
        upright = features.view(-1, TURNS, features.shape[1])[:, 0].detach()
        return Loss({"turns": total}, {"accuracy": Mean(right, torch.tensor(len(turns)))}, representations=upright)

    def features(self, batch: Batch) -> Tensor:
        """(B, D) of the pictures as they are."""
        return image_features(self.backbone, _levels(batch[self.view][:, 0]))

    def draw(self, batch: Batch, data: DataFacts) -> list[Drawing]:
        """Each picture in its four turns, with the turn that was guessed of each."""
        features, _ = self._turned_features(batch)
        guesses = self.head(features).argmax(1).view(-1, TURNS).tolist()
        rows = _turned(batch[self.view][:, 0]).permute(0, 3, 1, 4, 2).flatten(2, 3).squeeze(-1)
        captions = (", ".join(f"{90 * turn}°" for turn in row) for row in guesses)
        return [Drawing(f"guessed: {told}", row.cpu().numpy()) for told, row in zip(captions, rows, strict=True)]

    def _turned_features(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """(4 B, D) features, and (4 B,) by how many quarters each picture is turned."""
        pictures = _turned(batch[self.view][:, 0]).flatten(0, 1)
        turns = torch.arange(TURNS, device=pictures.device).repeat(len(pictures) // TURNS)
        return image_features(self.backbone, _levels(pictures)), turns


def _turned(pictures: Tensor) -> Tensor:
    """(B, C, S, S) -> (B, 4, C, S, S)."""
    return torch.stack([torch.rot90(pictures, turn, (2, 3)) for turn in range(TURNS)], 1)


def _levels(pictures: Tensor) -> Tensor:
    return pictures.float() / 127.5 - 1
