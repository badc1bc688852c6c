"""A residual network for small pictures: transformers' ResNet with a stem that keeps their size.

Chen, Kornblith, Norouzi, Hinton 2020, "A Simple Framework for Contrastive Learning of Visual Representations",
appendix B.9: the first 7 x 7 convolution of stride 2 becomes one of 3 x 3 and stride 1, and the first pooling is left
out. With `layer_type: basic`, `depths: [2, 2, 2, 2]` and `hidden_sizes: [64, 128, 256, 512]` it is a ResNet-18.

The last scale of every residual branch begins at 0 (Goyal et al. 2017, section 5.1; SimCLR's own code as well), so
that each block begins as what its shortcut is.

This file needs torch and transformers only. `save_pretrained` puts a copy beside the weights, so that
`AutoModel.from_pretrained(folder, trust_remote_code=True)` works wherever those two are.
"""

from typing import Any

from huggingface_hub.dataclasses import strict
from torch import nn
from transformers.models.resnet.configuration_resnet import ResNetConfig
from transformers.models.resnet.modeling_resnet import ResNetConvLayer, ResNetModel


@strict
class CifarResNetConfig(ResNetConfig):
    """The keys of transformers' ResNet, their defaults those of a ResNet-18.

    Args:
        zero_init_residual: Whether the last scale of every residual branch begins at 0, and not at 1.
    """

    model_type = "cifar_resnet"

    layer_type: str = "basic"
    hidden_sizes: list[int] | tuple[int, ...] | None = (64, 128, 256, 512)
    depths: list[int] | tuple[int, ...] | None = (2, 2, 2, 2)
    zero_init_residual: bool = True


class CifarResNetModel(ResNetModel):
    """(B, C, H, W) -> `last_hidden_state` (B, D, H / 8, W / 8) with four stages, `pooler_output` (B, D, 1, 1)."""

    config_class = CifarResNetConfig

    def __init__(self, config: CifarResNetConfig) -> None:
        super().__init__(config)
        stem: Any = ResNetConvLayer(config.num_channels, config.embedding_size, activation=config.hidden_act)
        self.embedder = stem
        self.post_init()
        stages: Any = self.encoder.stages if config.zero_init_residual else ()
        for stage in stages:
            for block in stage.layers:
                nn.init.zeros_(block.layer[-1].normalization.weight)


CifarResNetConfig.register_for_auto_class()
CifarResNetModel.register_for_auto_class("AutoModel")
