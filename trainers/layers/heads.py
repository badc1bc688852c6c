"""Projection heads: small networks between the backbone and the loss, which are thrown away after the training."""

from itertools import pairwise
from typing import Literal

from torch import nn

LastNorm = Literal["none", "plain", "scale"]


def projection_head(
    features: int, hidden: int, out: int, *, layers: int = 2, norm: bool = True, last: LastNorm = "none"
) -> nn.Sequential:
    """Linear layers with BatchNorm and ReLU between them: (N, features) -> (N, out).

    The heads of the papers:

        SimCLR (v2's code)      layers=3, last="scale"
        MoCo v2                 norm=False
        MoCo v3                 layers=2 (ResNet) or 3 (ViT), last="plain"; its predictor has 2 layers
        BYOL                    layers=2, projector and predictor

    Args:
        features: Of the input.
        hidden: Of the layers between.
        out: Of the output.
        layers: Linear layers.
        norm: Whether BatchNorm follows each layer but the last; linear layers have biases where there is none.
        last: BatchNorm behind the last layer: `none`; `plain`, without parameters; `scale`, with a scale but no shift.
    """
    widths = [features, *[hidden] * (layers - 1), out]
    parts: list[nn.Module] = []
    for number, (width, next_width) in enumerate(pairwise(widths), 1):
        parts.append(nn.Linear(width, next_width, bias=not norm))
        if number < layers:
            parts += [nn.BatchNorm1d(next_width), nn.ReLU(inplace=True)] if norm else [nn.ReLU(inplace=True)]
    return nn.Sequential(*parts, *_last(out, last))


def _last(width: int, kind: LastNorm) -> list[nn.Module]:
    if kind == "none":
        return []
    norm = nn.BatchNorm1d(width, affine=kind == "scale")
    norm.register_parameter("bias", None)
    return [norm]
