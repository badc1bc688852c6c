"""Patches hidden at random, each by itself: MAE's mask of an image, VideoMAE's of its frames."""

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def random_patches(patches: int, masked: float, rng: np.random.Generator) -> tuple[Indices, Indices]:
    """Split the patches 0 .. patches - 1 at random (MAE, section 3: uniform, without replacement).

    Args:
        patches: How many there are.
        masked: The share that is hidden; floor(patches * (1 - masked)) stay visible.
        rng: The sample's own generator.

    Returns:
        (visible, hidden): sorted indices; every patch is in exactly one of them.
    """
    return _split(patches, visible_patches(patches, masked), rng)


def visible_patches(patches: int, masked: float) -> int:
    """How many patches stay visible."""
    return _floor(patches * (1 - masked))


def tubes(frames: int, patches: int, masked: float, rng: np.random.Generator) -> tuple[Indices, Indices]:
    """Split the patches of all frames at random, each frame alike (VideoMAE, Tong et al. 2022, section 3.3).

    What stands still cannot be copied from another frame. VideoMAE: 16 frames by twos, 8 x 196 patches, .9 hidden.

    Args:
        frames: T, as the network counts them: pairs of frames where a patch spans two.
        patches: N of each frame; patch n of frame t has the index t * N + n.
        masked: The share that is hidden; floor(N * masked) of each frame, so that 20 of 196 are seen at .9.
        rng: The sample's own generator.

    Returns:
        (visible, hidden): sorted indices; every patch is in exactly one of them.
    """
    visible, hidden = _split(patches, patches - _floor(patches * masked), rng)
    starts = patches * np.arange(frames)[:, None]
    return (starts + visible).ravel(), (starts + hidden).ravel()


def _split(patches: int, visible: int, rng: np.random.Generator) -> tuple[Indices, Indices]:
    order = rng.permutation(patches)
    return np.sort(order[:visible]), np.sort(order[visible:])


def _floor(patches: float) -> int:
    # Rounded first: 49 * (1 - 0.8) is a hair under 9.8, but 10 * (1 - 0.9) must be 1.
    return int(round(patches, 6))
