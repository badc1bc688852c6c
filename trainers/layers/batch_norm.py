"""BatchNorm whose statistics do not depend on how the batch is cut into ranks and micro-batches.

The rows of the global batch are cut into *virtual groups* of so many samples, consecutive ones; each group is
normalised by its own mean and variance. A group lies within a micro-batch, or spans the micro-batches of several
ranks. So a network with BatchNorm has the same gradients for any number of ranks (law 6), and a group of a few dozen
samples (Hoffer et al. 2017, "ghost" batch normalisation) is a choice of the recipe, not an accident of the hardware.

The running statistics, by which evaluations normalise, move once per step: by the mean over all groups of the global
batch of their means and unbiased variances. Passes without gradient (GradCache's first, a teacher's) add nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from headrace.shards.base.counts import counted
from headrace.shards.base.errors import UsageError

from ..distributed import World
from .spanning_norm import Span, spanning_norm

AnyModule = TypeVar("AnyModule", bound=nn.Module)
_REPLACED = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


class GroupedBatchNorm(_BatchNorm):
    """BatchNorm over groups; its `state_dict` is that of `nn.BatchNorm1d` and its sisters.

    Args:
        like: The layer whose parameters and statistics it takes over.
    """

    sums: Tensor

    def __init__(self, like: _BatchNorm) -> None:
        super().__init__(like.num_features, like.eps, like.momentum, like.affine, like.track_running_stats)
        self.weight, self.bias = like.weight, like.bias
        self.running_mean, self.running_var = like.running_mean, like.running_var
        self.num_batches_tracked = like.num_batches_tracked
        self.training = like.training
        self.layout = Layout()
        # Of the groups since statistics were last settled: means, unbiased variances, and how many they are.
        place = next((each for each in (like.running_mean, like.weight) if each is not None), torch.empty(0))
        self.register_buffer("sums", place.detach().new_zeros(3, like.num_features), persistent=False)

    def forward(self, input: Tensor) -> Tensor:
        """Normalise (N, C, ...) over all dimensions but C; in evaluation by the running statistics."""
        if not self.training and self.running_mean is not None:
            return F.batch_norm(
                input, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps
            )
        moments = self.sums.new_zeros(self.layout.groups, 2, self.num_features)
        if self.layout.span:
            output = spanning_norm(input, self.weight, self.bias, self.eps, self.layout.span, moments[0])
        else:
            output = self._within(input, moments)
        if torch.is_grad_enabled():
            self.sums[:2] += moments.sum(0)
            self.sums[2] += len(moments)
        return output

    def settle(self, mean: Tensor, variance: Tensor, seen: Tensor) -> None:
        """Move the running statistics by the groups' (C,) mean and variance, where there were any groups.

        The host is not asked whether there were, since it would have to wait for the device.
        """
        self.sums.zero_()
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked += seen[0].long()
        part = seen * (1 / self.num_batches_tracked.clamp(min=1) if self.momentum is None else self.momentum)
        self.running_mean.lerp_(mean, part)
        self.running_var.lerp_(variance, part)

    def _within(self, rows: Tensor, moments: Tensor) -> Tensor:
        """Normalise each of the groups that these rows hold; their statistics go into `moments`."""
        if len(rows) % len(moments):
            raise UsageError(
                "these rows are no whole number of BatchNorm's groups",
                found=f"{len(rows)} rows, {len(moments)} groups",
                expected="as many samples as the groups were arranged for",
            )
        if len(moments) == 1:
            return self._group(rows, moments[0])
        return torch.cat([self._group(*each) for each in zip(rows.chunk(len(moments)), moments, strict=True)])

    def _group(self, rows: Tensor, moments: Tensor) -> Tensor:
        # With a momentum of 1 the running statistics become those of these rows.
        return F.batch_norm(rows, moments[0], moments[1], self.weight, self.bias, True, 1.0, self.eps)


@dataclass(frozen=True)
class Layout:
    """Where groups lie.

    Args:
        groups: How many groups a micro-batch holds.
        span: The processes over which one group lies, where it is larger than a micro-batch.
    """

    groups: int = 1
    span: Span | None = None

    @classmethod
    def of(cls, group: int, batch_size: int, accumulate: int, world: World) -> Self:
        """Where groups of so many samples lie; every process must ask.

        Raises:
            UsageError: Groups and micro-batches do not fit each other.
        """
        rows = batch_size // (world.size * accumulate)
        if rows % group == 0:
            return cls(groups=rows // group)
        if accumulate == 1 and group % rows == 0 and batch_size % group == 0:
            return cls(span=Span.of(group // rows, world))
        raise UsageError(
            "BatchNorm's groups do not fit the micro-batches",
            found=f"groups of {group} samples, and micro-batches of {rows} (batch_size={batch_size}, "
            f"{counted(world.size, 'process', 'processes')}, accumulate={accumulate})",
            expected=f"groups that divide {rows}, or that divide {batch_size} and hold whole micro-batches, with "
            "accumulate=1",
            remedy=f"Set norm_group={rows}, or change accumulate or the number of processes",
        )


def grouped(module: AnyModule) -> AnyModule:
    """The module with every BatchNorm inside it made a `GroupedBatchNorm`, in place."""
    made: dict[nn.Module, GroupedBatchNorm] = {}
    for parent in list(module.modules()):
        for name, child in parent.named_children():
            if isinstance(child, _REPLACED):
                setattr(parent, name, made.setdefault(child, GroupedBatchNorm(child)))
    return module


def arrange(module: nn.Module, group: int | None, *, batch_size: int, accumulate: int, world: World) -> None:
    """Tell every `GroupedBatchNorm` where its groups lie; every process must.

    Args:
        module: The network.
        group: Samples of a group; None: the whole global batch is one.
        batch_size: Samples of the global batch.
        accumulate: Micro-batches into which each process' rows are cut.
        world: The processes.

    Raises:
        UsageError: Groups and micro-batches do not fit each other.
    """
    norms = list(_norms(module))
    if norms:
        layout = Layout.of(group or batch_size, batch_size, accumulate, world)
        for norm in norms:
            norm.layout = layout


def settle(module: nn.Module, world: World) -> None:
    """Move the running statistics by what was seen since the last time, the same on every process; all must ask."""
    norms = list(_norms(module))
    if not norms:
        return
    means, variances, seen = world.summed(torch.cat([norm.sums for norm in norms], 1))
    groups = seen.clamp(min=1)
    told = torch.stack((means / groups, variances / groups, seen > 0))
    for norm, part in zip(norms, torch.split(told, [norm.num_features for norm in norms], 1), strict=True):
        norm.settle(*part)


def forget(module: nn.Module) -> None:
    """Leave the running statistics as they are, whatever was seen since the last time."""
    for norm in _norms(module):
        norm.sums.zero_()


def _norms(module: nn.Module) -> Iterator[GroupedBatchNorm]:
    return (each for each in module.modules() if isinstance(each, GroupedBatchNorm))
