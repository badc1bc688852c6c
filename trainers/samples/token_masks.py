"""Masks over token sequences: pure functions of (tokens, numbers, rng)."""

import numpy as np
from numpy.typing import NDArray

Tokens = NDArray[np.int64]


def prediction_count(tokens: int, share: float, cap: int | None = None) -> int:
    """How many tokens of a sequence are predicted: max(1, round(share * tokens)), at most `cap` (BERT)."""
    count = max(1, round(share * tokens))
    return count if cap is None else min(count, cap)


def choose_uniform(allowed: NDArray[np.bool_], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Positions to predict: `count` of the `allowed` ones, uniform without replacement, sorted.

    Args:
        allowed: (T,) where a token may be chosen: never at CLS, SEP or PAD.
        count: How many; fewer where fewer are allowed.
        rng: The sample's own generator.
    """
    candidates = np.flatnonzero(allowed)
    return np.sort(rng.choice(candidates, size=min(count, len(candidates)), replace=False))


def corrupt(
    tokens: Tokens,
    positions: NDArray[np.int64],
    rng: np.random.Generator,
    *,
    mask: int,
    vocabulary: int,
    masked: float = 0.8,
    random: float = 0.1,
) -> Tokens:
    """A copy of the tokens whose `positions` are hidden (BERT, section 3.1, task 1).

    Each position independently becomes `mask` with probability `masked`, a token drawn uniformly from the whole
    vocabulary (its special tokens included) with probability `random`, and stays as it is otherwise.
    """
    fate = rng.random(len(positions))
    replacement = rng.integers(vocabulary, size=len(positions))
    corrupted = tokens.copy()
    corrupted[positions[fate < masked]] = mask
    drawn = (fate >= masked) & (fate < masked + random)
    corrupted[positions[drawn]] = replacement[drawn]
    return corrupted
