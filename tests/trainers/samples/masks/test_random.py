import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.trainers.samples.masks.random import random_patches, tubes, visible_patches


@pytest.mark.parametrize(
    ("patches", "masked", "visible"), [(196, 0.75, 49), (49, 0.75, 12), (10, 0.9, 1), (10, 0.7, 3)]
)
def test_the_number_of_visible_patches(patches, masked, visible):
    assert visible_patches(patches, masked) == visible


@given(st.integers(2, 200), st.floats(0.05, 0.95), st.integers(0, 2**32))
def test_every_patch_is_visible_or_hidden(patches, masked, seed):
    visible, hidden = random_patches(patches, masked, np.random.default_rng(seed))
    assert sorted([*visible, *hidden]) == list(range(patches))
    assert len(visible) == visible_patches(patches, masked)


def test_every_patch_is_hidden_as_often():
    rng, draws = np.random.default_rng(0), 8000
    hidden = sum(np.bincount(random_patches(16, 0.75, rng)[1], minlength=16) for _ in range(draws))
    assert np.abs(hidden / draws - 0.75).max() < 5 * np.sqrt(0.75 * 0.25 / draws)


@given(st.integers(1, 8), st.integers(2, 100), st.floats(0, 1), st.integers(0, 2**32))
def test_tubes_hide_the_same_patches_of_every_frame(frames, patches, masked, seed):
    visible, hidden = tubes(frames, patches, masked, np.random.default_rng(seed))
    assert sorted([*visible, *hidden]) == list(range(frames * patches))
    assert (hidden.reshape(frames, -1) % patches == hidden[: len(hidden) // frames]).all()


def test_video_mae_sees_20_of_196_patches():
    visible, hidden = tubes(8, 196, 0.9, np.random.default_rng(0))
    assert len(visible) == 8 * 20
    assert len(hidden) == 8 * 176
    assert (np.diff(visible) > 0).all()
