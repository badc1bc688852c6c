import math

import numpy as np
import torch

from headrace.trainers.samples.patches import (
    patch_statistics,
    patchify,
    sincos_positions,
    unpatchify,
)


def test_patches_are_numbered_row_by_row_their_pixels_row_column_channel():
    images = torch.arange(2 * 3 * 6 * 6).reshape(2, 3, 6, 6)
    patches = patchify(images, 2)
    assert patches.shape == (2, 9, 12)
    for image in range(2):
        for patch in range(9):
            row, column = 2 * (patch // 3), 2 * (patch % 3)
            slow = [images[image, c, row + i, column + j] for i in range(2) for j in range(2) for c in range(3)]
            assert patches[image, patch].tolist() == slow


def test_unpatchify_inverts_patchify():
    images = torch.rand(2, 3, 12, 12)
    assert torch.equal(unpatchify(patchify(images, 4), 4), images)


def test_statistics_are_unbiased():
    patches = torch.rand(2, 5, 12, dtype=torch.float64)
    mean, scale = patch_statistics(patches)
    np.testing.assert_allclose(mean[..., 0], patches.numpy().mean(-1))
    np.testing.assert_allclose(scale[..., 0], np.sqrt(patches.numpy().var(-1, ddof=1) + 1e-6))


def test_positions_follow_the_formula():
    side, width = 3, 8
    positions = sincos_positions(side, width)
    for patch in range(side * side):
        expected = []
        for p in (patch // side, patch % side):
            angles = [p / 10_000 ** (4 * k / width) for k in range(width // 4)]
            expected += [math.sin(a) for a in angles] + [math.cos(a) for a in angles]
        np.testing.assert_allclose(positions[patch], expected, rtol=1e-6, atol=1e-7)
