"""Cross-entropy of many tokens over a large vocabulary, some of them at a time.

The logits of B windows of T tokens over V words are by far the largest thing of a language model's step: 2.5 GB for
12 windows of 1,024 tokens and GPT-2's vocabulary, and as much again for their gradients. So the head runs on a part of
the tokens, and the part's gradients are taken at once, before the next part: nothing is computed twice, and what stays
in memory is as large as the hidden states and the head's weights.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable
from torch.nn import functional as F

IGNORED = -100
"""The label of what is not to be predicted."""
_CACHED, _BUSY = 2**22, 2**26
"""Logits that are in memory at a time: 16 MB on a CPU, which saves a quarter of the time there; 256 MB elsewhere."""


def summed_cross_entropy(head: nn.Linear, hidden: Tensor, labels: Tensor, logits: int | None = None) -> Tensor:
    """The sum of -log softmax(head(hidden))[labels], in fp32 but for the head's own precision.

    Args:
        head: From D to V; its weight may be shared with the embedding.
        hidden: (N, D).
        labels: (N,) int64, `IGNORED` where nothing is to be predicted.
        logits: How many may be in memory at a time; None: as many as suit the device.

    Returns:
        A scalar, with gradients to `hidden` and the head's weights; not to be differentiated twice.
    """
    at_once = logits or (_CACHED if hidden.device.type == "cpu" else _BUSY)
    tokens = max(1, at_once // head.out_features)
    parts = [slice(start, start + tokens) for start in range(0, len(labels), tokens)]
    if torch.is_grad_enabled():
        weights = [each for each in head.parameters() if each.requires_grad]
        found: Tensor = _Summed.apply(head, labels, parts, hidden, *weights)  # type: ignore[no-untyped-call]
        return found
    return torch.stack([_part(head, hidden[part], labels[part]) for part in parts]).sum()


def _part(head: nn.Linear, hidden: Tensor, labels: Tensor) -> Tensor:
    return F.cross_entropy(head(hidden).float(), labels, ignore_index=IGNORED, reduction="sum")


class _Summed(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: FunctionCtx, head: nn.Linear, labels: Tensor, parts: list[slice], hidden: Tensor, *weights: Tensor
    ) -> Tensor:
        total = torch.zeros((), device=hidden.device)
        by_hidden = torch.empty_like(hidden)
        # In fp32 whatever the weights are: in a lower precision a long sum would lose its end.
        by_weights = [torch.zeros_like(each, dtype=torch.float32) for each in weights]
        for part in parts:
            with torch.enable_grad():
                states = hidden[part].detach().requires_grad_()
                loss = _part(head, states, labels[part])
            by_hidden[part], *slopes = torch.autograd.grad(loss, (states, *weights))
            total += loss.detach()
            for summed, slope in zip(by_weights, slopes, strict=True):
                summed += slope
        ctx.save_for_backward(
            by_hidden, *(summed.to(each.dtype) for summed, each in zip(by_weights, weights, strict=True))
        )
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor | None, ...]:
        return None, None, None, *(slope * each for each in ctx.saved_tensors)
