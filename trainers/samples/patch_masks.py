"""Which patches of an image a model sees: pure functions of (numbers, rng)."""

import numpy as np
from numpy.typing import NDArray


def random_patches(
    patches: int, masked: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split the patches 0 .. patches - 1 at random (MAE, section 3: uniform, without replacement).

    Args:
        patches: How many there are.
        masked: The share that is hidden; floor(patches * (1 - masked)) stay visible.
        rng: The sample's own generator.

    Returns:
        (visible, hidden): sorted indices; every patch is in exactly one of them.
    """
    order = rng.permutation(patches)
    kept = visible_patches(patches, masked)
    return np.sort(order[:kept]), np.sort(order[kept:])


def visible_patches(patches: int, masked: float) -> int:
    """How many patches stay visible."""
    # Rounded first: 49 * (1 - 0.8) is a hair under 9.8, but 10 * (1 - 0.9) must be 1.
    return int(round(patches * (1 - masked), 6))
