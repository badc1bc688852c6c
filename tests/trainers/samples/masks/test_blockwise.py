import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import label
from scipy.stats import kstest

from headrace.shards.base.errors import UsageError
from headrace.trainers.samples.masks.blocks import block_of, placed
from headrace.trainers.samples.masks.blockwise import Blockwise

GRID = (14, 14)
grids = st.tuples(st.integers(1, 20), st.integers(1, 20))
seeds = st.integers(0, 2**32)


@given(grids, st.floats(0, 1), st.integers(1, 40), st.floats(0.01, 1), seeds)
def test_exactly_as_many_patches_are_hidden_as_asked_for(grid, share, min_patches, min_aspect, seed):
    count = int(share * grid[0] * grid[1])
    blockwise = Blockwise(min_patches=min_patches, min_aspect=min_aspect)
    hidden = blockwise.draw(grid, count, np.random.default_rng(seed))
    assert hidden.shape == grid
    assert hidden.sum() == count


def test_beit_hides_75_of_196():
    rng = np.random.default_rng(0)
    assert {int(Blockwise().draw(GRID, 75, rng).sum()) for _ in range(200)} == {75}


def test_the_same_numbers_give_the_same_mask():
    a, b, c = (Blockwise().draw(GRID, 75, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (a == b).all()
    assert (a != c).any()


def test_hidden_patches_lie_in_blocks():
    rng = np.random.default_rng(0)
    regions = [label(Blockwise().draw(GRID, 75, rng))[1] for _ in range(300)]
    scattered = [label(rng.permutation(np.arange(196) < 75).reshape(GRID))[1] for _ in range(300)]
    assert np.mean(regions) < 3 < 15 < np.mean(scattered)


def test_masks_favour_no_side():
    rng = np.random.default_rng(0)
    mean = np.mean([Blockwise().draw(GRID, 75, rng) for _ in range(3000)], axis=0)
    for mirrored in (mean[::-1], mean[:, ::-1], mean.T):
        assert np.abs(mean - mirrored).max() < 0.06
    assert mean.mean() == pytest.approx(75 / 196)


def test_a_single_block_has_an_area_and_an_aspect_as_in_the_paper():
    rng = np.random.default_rng(0)
    # On a fine grid one block cannot reach the edge, and rounding is nothing.
    grid, blocks = (4000, 4000), []
    for _ in range(2000):
        blocks.append(Blockwise()._block(grid, 100_000, rng))
    height, width = np.array(blocks, float).T
    assert kstest(height * width, "uniform", (16, 100_000 - 16)).pvalue > 0.001
    assert kstest(np.log(height / width), "uniform", (np.log(0.3), -2 * np.log(0.3))).statistic < 0.05


@given(grids, st.floats(0.5, 500), st.floats(0.01, 100), seeds)
def test_a_block_lies_within_its_grid(grid, area, aspect, seed):
    block = block_of(area, aspect, grid)
    cells = np.zeros(grid)[placed(block, grid, np.random.default_rng(seed))]
    assert cells.shape == block
    assert cells.size > 0


def test_more_than_there_is_cannot_be_hidden():
    with pytest.raises(UsageError, match="197 of 14 x 14"):
        Blockwise().draw(GRID, 197, np.random.default_rng(0))
