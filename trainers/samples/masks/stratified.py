"""How much of each global crop is hidden for iBOT's loss in DINOv2: every batch holds all ratios."""

import numpy as np
from numpy.typing import NDArray

from ..ranges import Range


def stratified_ratios(
    crops: int, rng: np.random.Generator, *, masked: float = 0.5, ratios: Range = (0.1, 0.5)
) -> NDArray[np.float64]:
    """The share of patches to hide in each global crop of a global batch (Oquab et al. 2023 and official code).

    Exactly floor(crops * masked) crops are masked. The range of ratios is cut into as many equal pieces, and each of
    those crops has its ratio in another piece, uniform in it; which crop has which is random. So a batch always holds
    all ratios, whatever is drawn. `Blockwise(min_patches=4)` then hides floor(N * ratio) of N patches.

    Args:
        crops: Global crops of all samples of the global batch.
        rng: Keyed by (seed, global step), and so the same for all ranks and workers; not a sample's own.
        masked: The share of crops that is masked.
        ratios: The least and the largest share of patches that is hidden in those.

    Returns:
        (crops,): 0 for crops that are not masked.
    """
    pieces = int(round(crops * masked, 6))
    shares = (np.arange(pieces) + rng.random(pieces)) / max(pieces, 1)
    drawn = np.zeros(crops)
    drawn[:pieces] = ratios[0] + (ratios[1] - ratios[0]) * shares
    return rng.permutation(drawn)
