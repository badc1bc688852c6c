"""How evenly the tokens of a window are routed to the experts of a sparse mixture.

A balance over the whole batch is not a sum over its rows, and so would change with how a batch is cut; that of each
window is one, and keeps its meaning (DeepSeek-AI 2024, "DeepSeek-V3 Technical Report", section 2.1.2, equations 17-20).
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Routing:
    """What became of B windows of T tokens in L blocks of E experts each.

    Args:
        balance: (B,) the sum over blocks of sum over i of f_i P_i, with gradient through P: f_i is E / K times the
            share of the window's tokens that go to expert i, K to each, and P_i the mean of their probabilities for
            it. L where all is even, up to L E / K where the same experts have it all.
        most: (B,) of the tokens' choices those for the expert chosen most, summed over blocks.
        choices: K T L, the choices of a window in all.
    """

    balance: Tensor
    most: Tensor
    choices: int


def routing(logits: Tensor, chosen: int) -> Routing:
    """The routing of windows.

    Args:
        logits: (L, B, T, E) of the routers.
        chosen: K, experts of a token.
    """
    blocks, _, tokens, experts = logits.shape
    probabilities = logits.float().softmax(-1)
    best = probabilities.topk(chosen, dim=-1).indices
    counts = torch.zeros_like(probabilities).scatter_(-1, best, 1.0).sum(2)
    shares = counts * (experts / (chosen * tokens))
    balance = (shares * probabilities.mean(2)).sum((0, 2))
    return Routing(balance, counts.amax(-1).sum(0), chosen * tokens * blocks)
