"""Batch normalisation of a group of rows that lie on several processes.

With N values of a channel on all of them together, m their mean, v their variance (biased), y = (x - m) / sqrt(v + eps)
and g the gradient of the output times the weight:

    gradient of x = (g - mean(g) - y * mean(g * y)) / sqrt(v + eps),        means over all N values

Forward and backward pass are one all-reduce each, of two numbers per channel. torch's own SyncBatchNorm does the same
on GPUs and refuses CPUs.
"""

from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor
from torch import distributed as dist
from torch.nn import functional as F

from ..distributed import World


@dataclass(frozen=True)
class Span:
    """The processes, consecutive ones, on which one group of rows lies.

    Args:
        ranks: How many.
        processes: They, for torch.
    """

    ranks: int
    processes: Any

    @classmethod
    def of(cls, ranks: int, world: World) -> Self:
        """So many processes, this one among them; every process must ask."""
        data = world.axis("data").get_group()
        if ranks == world.size:
            return cls(ranks, data)
        mine, _ = dist.new_subgroups(ranks, group=data)  # type: ignore[no-untyped-call]
        return cls(ranks, mine)

    def sum(self, values: Tensor) -> Tensor:
        """The sum over the processes, in place."""
        dist.all_reduce(values, group=self.processes)
        return values

    def __deepcopy__(self, memo: object) -> Self:
        """Itself: processes are not copied with a network."""
        return self


def spanning_norm(
    rows: Tensor, weight: Tensor | None, bias: Tensor | None, eps: float, span: Span, moments: Tensor
) -> Tensor:
    """Normalise this process' rows by the statistics of the rows of all processes of the span.

    Args:
        rows: (N, C, ...), as many on every process.
        weight: (C,) or none.
        bias: (C,) or none.
        eps: Added to the variance.
        span: The processes.
        moments: (2, C) is given mean and unbiased variance of all rows.

    Returns:
        (N, C, ...).
    """
    output: Tensor = _SpanningNorm.apply(rows, weight, bias, eps, span, moments)  # type: ignore[no-untyped-call]
    return output


class _SpanningNorm(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        rows: Tensor,
        weight: Tensor | None,
        bias: Tensor | None,
        eps: float,
        span: Span,
        moments: Tensor,
    ) -> Tensor:
        mean, variance = _statistics(rows, span, moments)
        ctx.save_for_backward(rows, weight, mean, variance)
        ctx.eps, ctx.span, ctx.biased = eps, span, bias is not None
        return F.batch_norm(rows, mean, variance, weight, bias, False, 0.0, eps)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        rows, weight, mean, variance = ctx.saved_tensors
        # As if mean and variance were constants: g / sqrt(v + eps), and the sums of gradient * y and of gradient.
        direct, slopes, sums = torch.ops.aten.native_batch_norm_backward(
            gradients[0], rows, weight, mean, variance, None, None, False, ctx.eps, [True, True, True]
        )
        count = _values(rows) * ctx.span.ranks
        slope, level = ctx.span.sum(torch.stack((slopes, sums))) / count
        scale = (variance + ctx.eps).rsqrt()
        gain = scale if weight is None else scale * weight
        centred = (rows - _channels(mean, rows)) * _channels(gain * scale * slope, rows)
        gradient = direct - (centred + _channels(gain * level, rows)).to(direct.dtype)
        return (
            gradient,
            None if weight is None else slopes,
            sums if ctx.biased else None,
            None,
            None,
            None,
        )


def _statistics(rows: Tensor, span: Span, moments: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and biased variance, each (C,), over all processes; `moments` is given the unbiased variance."""
    own = torch.zeros_like(moments)
    mean, variance = torch.batch_norm_update_stats(rows, own[0], own[1], 1.0)
    # A mean far from 0 would cost a sum of squares its digits, had it no more of them.
    mean, variance = mean.double(), variance.double()
    shared = span.sum(torch.stack((mean, variance + mean.square()))) / span.ranks
    variance = shared[1] - shared[0].square()
    count = _values(rows) * span.ranks
    if count == 1:
        raise ValueError(f"BatchNorm needs more than one value per channel, not rows of the shape {tuple(rows.shape)}")
    moments[0], moments[1] = shared[0], variance * (count / (count - 1))
    return shared[0].to(moments.dtype), variance.clamp(min=0).to(moments.dtype)


def _values(rows: Tensor) -> int:
    """Values of each channel."""
    return rows.numel() // rows.shape[1]


def _channels(values: Tensor, rows: Tensor) -> Tensor:
    """(C,) as it is multiplied with (N, C, ...)."""
    return values.view(-1, *[1] * (rows.dim() - 2))
