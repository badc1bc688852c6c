"""What representations of many samples are like, as numbers: their spread, rank, dead dimensions, and agreement.

N samples, V views of each, D dimensions. All of it is taken around the mean of each batch: from one batch to the next
the network moves, and vectors that are all alike within each of many batches would seem to differ. What all samples
share is no collapse as long as they differ around it, so the rank is that of centred vectors, too; where their mean is
zero, as behind a BatchNorm, it is RankMe's.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

_FAINT = 0.01
"""A dimension is dead whose standard deviation is a hundredth of the median of those that vary: what is learned of a
dimension follows its gradient, which shrinks in proportion, and bfloat16 knows no finer differences beside the rest."""
_HEAT = 2.0
"""t of the uniformity, the value of the paper's experiments."""
_PAIRED = 512
"""Samples of a batch whose pairs are counted: 130,816 pairs."""

NAMES = ("effective_rank", "feature_std", "dead_dimensions", "uniformity", "alignment")
"""What a line of the log holds of them."""


@dataclass(frozen=True, kw_only=True)
class Measures:
    """The numbers of some batches.

    Args:
        samples: N, over all batches.
        possible: min(N - batches, D), the largest rank that so many centred vectors can have.
        effective_rank: exp(- sum over k of p_k log p_k), p_k = s_k / sum of s, s the singular values of the centred
            vectors (Garrido et al. 2023, "RankMe", equation 1; Roy and Vetterli 2007); 0 where all are the same.
        feature_std: The standard deviation of the l2-normalised vectors, as the root mean square over dimensions,
            times sqrt(D): 1 where they point everywhere, 0 where all point the same way (Chen and He 2021, "SimSiam",
            section 4.1, where the mean over dimensions is compared with 1 / sqrt(D)).
        dead_dimensions: The share of dimensions that (nearly) never change.
        uniformity: log of the mean over pairs of samples of exp(-2 |x - y|^2), of normalised vectors (Wang and Isola
            2020, equation 2): 0 where all are the same, towards -4 where they are spread over the sphere.
        alignment: The mean of |x - x'|^2 over pairs of views of a sample, of normalised vectors (the same, equation 1,
            alpha = 2); None where there is one view.
    """

    samples: int
    possible: int
    effective_rank: float
    feature_std: float
    dead_dimensions: float
    uniformity: float
    alignment: float | None

    @property
    def rank_share(self) -> float:
        """The effective rank over the possible one."""
        return self.effective_rank / self.possible

    @property
    def disagreement(self) -> float:
        """How far apart views of a sample are, over how far apart samples are: 0 for the same, 1 for strangers."""
        # Two samples of variance s^2 are 2 s^2 apart in the mean.
        return 0.0 if self.alignment is None else self.alignment / max(2 * self.feature_std**2, 1e-12)

    def numbers(self) -> dict[str, float]:
        """For a line of the log."""
        named = asdict(self)
        return {name: named[name] for name in NAMES if named[name] is not None}


def measured(batches: Sequence[Tensor]) -> Measures:
    """The numbers of batches of representations.

    Args:
        batches: (B, V, D) each, with B >= 2 and finite values; the first views are the samples, and all of them are
            held against each other.
    """
    exact = [batch.double() for batch in batches]
    unit = [torch.nn.functional.normalize(batch, dim=-1) for batch in exact]
    samples, width, free = sum(map(len, exact)), exact[0].shape[-1], sum(len(batch) - 1 for batch in exact)
    centred = torch.cat([batch[:, 0] - batch[:, 0].mean(0) for batch in exact])
    directions = torch.cat([batch[:, 0] - batch[:, 0].mean(0) for batch in unit])
    return Measures(
        samples=samples,
        possible=min(free, width),
        effective_rank=_effective_rank(centred),
        feature_std=(directions.square().sum() / free).sqrt().item(),
        dead_dimensions=_dead_share((centred.square().sum(0) / free).sqrt()),
        uniformity=_uniformity(unit),
        alignment=_alignment(torch.cat(unit)),
    )


def _effective_rank(centred: Tensor) -> float:
    rows, width = centred.shape
    # Whichever of the two is smaller has the same eigenvalues, but for zeros.
    gram = centred @ centred.T if rows < width else centred.T @ centred
    values = torch.linalg.eigvalsh(gram).clamp(min=0).sqrt()
    share = values[values > 0] / values.sum()
    return torch.exp(-(share * share.log()).sum()).item() if len(share) else 0.0


def _dead_share(deviations: Tensor) -> float:
    varying = deviations[deviations > 0]
    if not len(varying):
        return 1.0
    return (deviations < _FAINT * varying.median()).double().mean().item()


def _uniformity(unit: Sequence[Tensor]) -> float:
    nearness, pairs = 0.0, 0
    for batch in unit:
        squared = torch.pdist(batch[:_PAIRED, 0]).square()
        nearness += torch.exp(-_HEAT * squared).sum().item()
        pairs += len(squared)
    return torch.tensor(nearness / pairs, dtype=torch.float64).log().item()


def _alignment(unit: Tensor) -> float | None:
    views = unit.shape[1]
    if views == 1:
        return None
    # Over all pairs at once: sum over i < j of |x_i - x_j|^2 = V * sum over i of |x_i - mean|^2.
    around = (unit - unit.mean(1, keepdim=True)).square().sum((1, 2))
    return (around * 2 / (views - 1)).mean().item()
