"""Decoders: small networks that exist for the loss only and are not exported."""

from typing import Any

import torch
from torch import Tensor, nn

from ..samples.patches import sincos_positions


class PatchDecoder(nn.Module):
    """The decoder of MAE: from the states of the visible patches to the pixels of all.

    Args:
        states: Width of the encoder's states.
        width: Width of the decoder, a multiple of 4 and of `heads`.
        depth: Transformer blocks.
        heads: Attention heads.
        side: Patches along each side of the image.
        pixels: Numbers to predict for a patch.
        eps: Of the layer norms.
    """

    def __init__(self, states: int, width: int, depth: int, heads: int, side: int, pixels: int, eps: float) -> None:
        from transformers import ViTConfig
        from transformers.models.vit.modeling_vit import ViTLayer

        super().__init__()
        config: Any = ViTConfig(
            hidden_size=width, num_attention_heads=heads, intermediate_size=4 * width, layer_norm_eps=eps
        )
        config._attn_implementation = "sdpa"
        self.entry = nn.Linear(states, width)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        self.register_buffer("positions", sincos_positions(side, width), persistent=False)
        self.layers = nn.ModuleList([ViTLayer(config) for _ in range(depth)])
        self.norm = nn.LayerNorm(width, eps=eps)
        self.exit = nn.Linear(width, pixels)

    positions: Tensor

    def forward(self, states: Tensor, visible: Tensor) -> Tensor:
        """Predict every patch.

        Args:
            states: (B, 1 + K, states) of the class token and the K visible patches.
            visible: (B, K) which patches these are.

        Returns:
            (B, N, pixels).
        """
        entered = self.entry(states)
        known = entered[:, 1:]
        everywhere = self.mask_token.expand(len(known), len(self.positions), -1).to(known.dtype)
        patches = everywhere.scatter(1, visible[..., None].expand_as(known), known) + self.positions
        rows = torch.cat((entered[:, :1], patches), dim=1)
        for layer in self.layers:
            rows = layer(rows)
        predicted: Tensor = self.exit(self.norm(rows))[:, 1:]
        return predicted


def initialise(module: nn.Module) -> None:
    """Xavier-uniform matrices and zero biases, as MAE starts its Transformer blocks (appendix A.1); to be applied."""
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
