"""Masked autoencoding: rebuild the patches of an image that the encoder never saw.

He, Chen, Xie, Li, Dollar, Girshick 2021, "Masked Autoencoders Are Scalable Vision Learners", section 3 and appendix
A.1; written from the paper.

An image is cut into N patches of P x P x C pixels; a random set M of them is hidden. The encoder f computes the visible
ones only, the decoder g all of them, with one learned token in the place of every hidden one. With t_i the pixels of
patch i, less their mean and divided by sqrt(variance + 1e-6) (unbiased) of that patch:

    loss = 1 / |M| * sum over i in M of mean((g(f(visible))_i - t_i)^2),        |M| counted over the whole global batch

A sample:

    view     (1, C, S, S) uint8   a random crop, flipped half of the time
    visible  (K,) int64           patches that the encoder sees, sorted; K = floor(N (1 - masked))
    hidden   (N - K,) int64       M, sorted

Patches are numbered row by row, and their pixels as (row, column, channel).

Deviations from the original: single tokens do not decay. The `small` recipe is for 28 x 28 grey images in a CPU minute:
a narrow network, mild crops, patches of 7. Those of 4 cost three times as much a sample and learned less in that time
(linear probe on held-out training images of Fashion-MNIST, trained - untrained: +5 points with 7, -1 to +1 with 4).
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field
from torch import Tensor, nn

from headrace.shards.base.errors import RecipeError

from ..backbones import BackboneRecipe, encode_visible, patch_encoder
from ..data import DataFacts, Record
from ..image_pretext import ImagePretext
from ..layers.decoders import PatchDecoder, initialise
from ..samples.masks.random import random_patches, visible_patches
from ..samples.patches import patch_statistics, patchify, sincos_positions, unpatchify
from ..samples.ranges import Count
from ..samples.rows import gathered
from ..samples.views import presets
from ..samples.views.choice import SAID, AnyView, Like
from .base import Arrays, Batch, Drawing, Loss, Objective, PretextExample

_EXAMPLE = {
    "views": {"size": 8},
    "patch": 2,
    "channels": 1,
    "mean": [0.5],
    "std": [0.5],
    "decoder_width": 16,
    "decoder_depth": 1,
    "decoder_heads": 2,
    "images": ["png"],
}
_TINY = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}


def _squares(side: int) -> bytes:
    """A small picture, as the bytes of its file."""
    stream = io.BytesIO()
    Image.fromarray((np.arange(side * side, dtype=np.uint8) ** 2).reshape(side, side)).save(stream, "PNG")
    return stream.getvalue()


@dataclass(frozen=True, kw_only=True)
class Mae(ImagePretext):
    """Parameters and worker half.

    Args:
        views: The crop, S pixels a side; one view.
        patch: P, pixels of a patch's side.
        masked: The share of patches that is hidden.
        mean: Of the pixels (0 to 1), for each channel.
        std: Of the pixels, for each channel.
        decoder_width: Features of the decoder.
        decoder_depth: Blocks of the decoder.
        decoder_heads: Attention heads of the decoder.
        pool: What the features are: the mean over all patches (`mean`), or the class token (`cls`).
    """

    views: Annotated[tuple[AnyView, ...], Like("mae"), SAID] = presets.mae()
    patch: Count = 16
    masked: Annotated[float, Field(gt=0, lt=1)] = 0.75
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    decoder_width: Count = 512
    decoder_depth: Count = 8
    decoder_heads: Count = 16
    pool: Literal["mean", "cls"] = "mean"

    recipes: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "small": {
            "pretext": {
                "views": {"preset": "mae", "size": 28, "scale": [0.6, 1.0]},
                "patch": 7,
                "channels": 1,
                "mean": [0.29],
                "std": [0.35],
                "decoder_width": 64,
                "decoder_depth": 1,
                "decoder_heads": 4,
            },
            "backbone": {
                "type": "vit",
                "hidden_size": 128,
                "num_hidden_layers": 4,
                "num_attention_heads": 4,
                "intermediate_size": 512,
                "layer_norm_eps": 1e-6,
            },
            "optimizer": {"name": "adamw", "lr": 2e-3, "betas": [0.9, 0.95], "weight_decay": 0.05},
            "schedule": {"name": "cosine", "warmup": 100},
            "batch_size": 128,
            "steps": 1200,
            "checkpoint_every": 400,
        },
        "paper": {
            "backbone": {
                "type": "vit",
                "hidden_size": 1024,
                "num_hidden_layers": 24,
                "num_attention_heads": 16,
                "intermediate_size": 4096,
                "layer_norm_eps": 1e-6,
            },
            "optimizer": {"name": "adamw", "lr": 1.5e-4, "lr_batch": 256, "betas": [0.9, 0.95], "weight_decay": 0.05},
            # 800 epochs of ImageNet's 1,281,167 images, 40 of them warm-up.
            "schedule": {"name": "cosine", "warmup": 12_512},
            "batch_size": 4096,
            "steps": 250_228,
            "precision": "bf16",
            "checkpoint_every": 3_128,
            "log_every": 50,
        },
    }
    examples: ClassVar[Sequence[PretextExample]] = (
        PretextExample({"png": _squares(11)}, _EXAMPLE, {"type": "vit", **_TINY, "intermediate_size": 32}),
        PretextExample({"png": _squares(11)}, _EXAMPLE, {"type": "dinov2", **_TINY, "mlp_ratio": 2}),
    )

    def __post_init__(self) -> None:
        if len(self.views) > 1 or self.first.count > 1:
            raise ValueError(f"views must be one view, not {sum(view.count for view in self.views)}")
        if self.size % self.patch:
            raise ValueError(f"patch must divide size, but {self.patch} does not divide {self.size}")
        if not len(self.mean) == len(self.std) == self.channels:
            raise ValueError(f"mean and std need one number for each of the {self.channels} channels")
        if self.decoder_width % 4 or self.decoder_width % self.decoder_heads:
            raise ValueError(f"decoder_width must be a multiple of 4 and of decoder_heads, not {self.decoder_width}")
        if not 0 < visible_patches(self.tokens, self.masked) < self.tokens:
            raise ValueError(f"masked = {self.masked} leaves nothing to see or nothing to predict")

    @property
    def size(self) -> int:
        """S, pixels a side that the network sees."""
        return self.first.size

    @property
    def side(self) -> int:
        """Patches along each side."""
        return self.size // self.patch

    @property
    def tokens(self) -> int:
        """N, the patches of an image."""
        return self.side**2

    @property
    def network(self) -> dict[str, Any]:
        """See `Pretext.network`."""
        return {"image_size": self.size, "patch_size": self.patch, "num_channels": self.channels}

    def beside(self, record: Record, rng: np.random.Generator) -> Arrays:
        """The mask; see the file's docstring."""
        visible, hidden = random_patches(self.tokens, self.masked, rng)
        return {"visible": visible, "hidden": hidden}

    def objective(self, backbone: BackboneRecipe) -> "MaeObjective":
        """See `Pretext.objective`."""
        encoder = patch_encoder(backbone, self.network)
        if backbone.pretrained is None:
            _begin(encoder, self.side)
        return MaeObjective(self, encoder)


def _begin(encoder: Any, side: int) -> None:
    """The encoder's weights as the paper has them before the first step (appendix A.1)."""
    width = encoder.config.hidden_size
    if width % 4:
        raise RecipeError(
            "backbone.hidden_size does not fit two-dimensional sine-cosine positions",
            found=str(width),
            expected="a multiple of 4",
        )
    encoder.apply(initialise)
    # The projection of patches is a convolution only in form.
    nn.init.xavier_uniform_(encoder.embeddings.patch_embeddings.projection.weight.data.flatten(1))
    nn.init.normal_(encoder.embeddings.cls_token, std=0.02)
    with torch.no_grad():
        encoder.embeddings.position_embeddings.zero_()
        encoder.embeddings.position_embeddings[0, 1:] = sincos_positions(side, width)


class MaeObjective(Objective):
    """Device half: the encoder, the decoder that is thrown away, and the loss."""

    mean: Tensor
    std: Tensor

    def __init__(self, pretext: Mae, backbone: Any) -> None:
        super().__init__()
        self.backbone = backbone
        self.view, self.patch, self.pool = pretext.first.name, pretext.patch, pretext.pool
        config = backbone.config
        self.decoder = PatchDecoder(
            states=config.hidden_size,
            width=pretext.decoder_width,
            depth=pretext.decoder_depth,
            heads=pretext.decoder_heads,
            side=pretext.side,
            pixels=pretext.patch**2 * pretext.channels,
            eps=config.layer_norm_eps,
        )
        self.decoder.apply(initialise)
        nn.init.normal_(self.decoder.mask_token, std=0.02)
        backbone.embeddings.position_embeddings.requires_grad_(False)
        self.register_buffer("mean", torch.tensor(pretext.mean)[:, None, None], persistent=False)
        self.register_buffer("std", torch.tensor(pretext.std)[:, None, None], persistent=False)

    def targets(self, batch: Batch) -> dict[str, Tensor]:
        """See `Objective.targets`: the hidden patches."""
        return {"patches": torch.tensor(batch["hidden"].numel(), device=batch["hidden"].device)}

    def loss(self, batch: Batch) -> Loss:
        """See `Objective.loss`."""
        pixels = self._pixels(batch)
        patches = patchify(pixels, self.patch)
        center, scale = patch_statistics(patches)
        wanted = gathered((patches - center) / scale, batch["hidden"])
        states = encode_visible(self.backbone, pixels, batch["visible"])
        predicted = gathered(self._decode(states, batch["visible"]), batch["hidden"]).float()
        total = (predicted - wanted).square().mean(-1).sum()
        return Loss({"patches": total}, representations=self._pooled(states.detach()))

    def features(self, batch: Batch) -> Tensor:
        """The mean over all patches, or the class token, of the last hidden states; (B, D)."""
        return self._pooled(self.backbone(pixel_values=self._pixels(batch)).last_hidden_state)

    def draw(self, batch: Batch, data: DataFacts) -> list[Drawing]:
        """Each image, what the encoder saw of it, and the reconstruction, side by side."""
        pixels = self._pixels(batch)
        patches = patchify(pixels, self.patch)
        center, scale = patch_statistics(patches)
        # The prediction is of normalised patches; only with each patch's own mean and variance is it a picture again.
        states = encode_visible(self.backbone, pixels, batch["visible"])
        rebuilt = self._decode(states, batch["visible"]).float() * scale + center
        index = batch["hidden"][..., None].expand(-1, -1, patches.shape[-1])
        filled = patches.scatter(1, index, rebuilt.gather(1, index))
        grey = patches.scatter(1, index, torch.zeros_like(patches))
        panels = [self._picture(unpatchify(each, self.patch)) for each in (patches, grey, filled)]
        share = batch["hidden"].shape[1] / patches.shape[1]
        caption = f"image, what was seen of it ({share:.0%} hidden), reconstruction"
        return [Drawing(caption, np.concatenate(row, axis=1)) for row in zip(*panels, strict=True)]

    def _decode(self, states: Tensor, visible: Tensor) -> Tensor:
        """(B, N, P * P * C) predictions of normalised patches."""
        predicted: Tensor = self.decoder(states, visible)
        return predicted

    def _pooled(self, states: Tensor) -> Tensor:
        """(B, D), of the class token and some patches or all."""
        return states[:, 0] if self.pool == "cls" else states[:, 1:].mean(1)

    def _pixels(self, batch: Batch) -> Tensor:
        """(B, C, S, S), normalised."""
        return (batch[self.view].flatten(0, 1).float() / 255 - self.mean) / self.std

    def _picture(self, pixels: Tensor) -> NDArray[np.uint8]:
        levels = ((pixels * self.std + self.mean).clamp(0, 1) * 255).round().byte()
        return levels.permute(0, 2, 3, 1).squeeze(-1).cpu().numpy()
