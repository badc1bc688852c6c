"""NT-Xent, the normalised temperature-scaled cross-entropy: to find a view's counterpart among all views of a batch.

Chen, Kornblith, Norouzi, Hinton 2020, "A Simple Framework for Contrastive Learning of Visual Representations",
equation 1. With the G V embeddings z_a of V views of each of G samples, s(a, b) = cos(z_a, z_b) / temperature, and P(a)
the other views of a's sample:

    loss of anchor a = log(sum over b != a of exp s(a, b)) - mean over p in P(a) of s(a, p)

In the paper V = 2; for more views this is the form of Khosla et al. 2020 ("Supervised Contrastive Learning", equation
2). Every view is an anchor once, and all other views of the global batch are in its sum.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from ..pretext.base import Loss, Mean

ANCHORS = "anchors"
"""The loss' only term: its targets are the views."""


def nt_xent(embeddings: Tensor, rows: slice, temperature: float) -> Loss:
    """The loss of some samples' views among those of all; computed in fp32, or in the embeddings' precision above it.

    Args:
        embeddings: (G, V, D) of the whole global batch, not normalised; V >= 2.
        rows: The samples, with start and stop, whose views are the anchors here.
        temperature: Of the softmax.

    Returns:
        The sum over the R V anchors. Metrics: how often the most similar view is another one of the same sample, and
        the mean cosine of views of one sample (`positive_similarity`) and of two (`negative_similarity`). The largest
        intermediate is (R V, G V).
    """
    with torch.autocast(embeddings.device.type, enabled=False):
        vectors = F.normalize(embeddings.to(torch.promote_types(embeddings.dtype, torch.float32)), dim=-1)
        mine, (samples, views, _) = vectors[rows], vectors.shape
        anchors, every = mine.flatten(0, 1), vectors.flatten(0, 1)
        place = torch.arange(len(anchors), device=anchors.device)
        itself = anchors.new_zeros(len(anchors), len(every))
        itself[place, place + rows.start * views] = -torch.inf
        logits = torch.addmm(itself, anchors / temperature, every.T)
        within = mine @ mine.mT
        positives = within.sum((1, 2)) - within.diagonal(dim1=1, dim2=2).sum(1)
        total = logits.logsumexp(1).sum() - positives.sum() / ((views - 1) * temperature)

    with torch.no_grad():
        found = logits.argmax(1) // views == place // views + rows.start
        negatives = anchors.sum(0) @ every.sum(0) - within.sum()
    pairs = len(anchors) * (views - 1)
    metrics = {
        "accuracy": _mean(found.sum(), len(anchors)),
        "positive_similarity": _mean(positives.sum(), pairs),
        "negative_similarity": _mean(negatives, len(anchors) * views * (samples - 1)),
    }
    return Loss({ANCHORS: total}, metrics, embeddings[rows].detach())


def _mean(total: Tensor, count: int) -> Mean:
    return Mean(total.detach(), torch.tensor(count, device=total.device))
