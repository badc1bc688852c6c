import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from headrace.shards.base.rng import generator
from headrace.trainers.samples.masks.multiblock import BlockSizes, MultiBlock

GRID = (14, 14)
MASKS = MultiBlock()
seeds = st.integers(0, 2**32)
grids = st.tuples(st.integers(1, 20), st.integers(1, 20))


def block_of(target, columns):
    """Rows and columns that a target spans; fails where it is no full rectangle."""
    rows, across = np.unique(target // columns), np.unique(target % columns)
    assert len(rows) * len(across) == len(target)
    assert (np.diff(rows) == 1).all()
    assert (np.diff(across) == 1).all()
    return len(rows), len(across)


@given(grids, seeds, seeds)
def test_the_context_never_holds_a_target(grid, step, sample):
    sizes = MASKS.sizes(grid, np.random.default_rng(step))
    context, targets = MASKS.draw(grid, sizes, np.random.default_rng(sample))
    assert context.shape == grid
    assert not context.ravel()[targets].any()
    assert targets.shape == (4, sizes.target[0] * sizes.target[1])
    assert {block_of(target, grid[1]) for target in targets} == {sizes.target}


@given(seeds, seeds)
def test_enough_of_the_context_is_left(step, sample):
    sizes = MASKS.sizes(GRID, np.random.default_rng(step))
    assert MASKS.draw(GRID, sizes, np.random.default_rng(sample)).context.sum() >= 10


def test_sizes_are_in_the_papers_ranges_and_of_the_batch():
    sizes = [MASKS.sizes(GRID, generator("test", 0, step)) for step in range(2000)]
    area = np.array([each.target[0] * each.target[1] for each in sizes]) / 196
    aspect = np.array([each.target[0] / each.target[1] for each in sizes])
    assert 0.13 < area.min() < 0.16 < 0.19 < area.max() < 0.22
    assert 0.7 < aspect.min() < 0.9 < 1.3 < aspect.max() < 1.7
    assert {each.context for each in sizes} == {(13, 13), (14, 14)}
    assert MASKS.sizes(GRID, generator("test", 0, 7)) == sizes[7]


def test_targets_and_contexts_favour_no_side():
    sizes, rng = BlockSizes(context=(13, 13), target=(6, 6)), np.random.default_rng(0)
    drawn = [MASKS.draw(GRID, sizes, rng) for _ in range(4000)]
    places = np.array([target[0] for each in drawn for target in each.targets])
    # All 9 x 9 places alike: the last row and column as well, which the official code leaves out.
    counts = np.unique(places, return_counts=True)[1]
    assert len(counts) == 81
    assert np.abs(counts / len(places) * 81 - 1).max() < 0.35
    context = np.mean([each.context for each in drawn], axis=0)
    for mirrored in (context[::-1], context[:, ::-1], context.T):
        assert np.abs(context - mirrored).max() < 0.05


def test_too_little_context_is_drawn_anew():
    masks = MultiBlock(min_keep=90)
    sizes, rng = BlockSizes(context=(13, 13), target=(6, 6)), np.random.default_rng(0)
    left = np.array([masks.draw(GRID, sizes, rng).context.sum() for _ in range(200)])
    free = np.array([MASKS.draw(GRID, sizes, rng).context.sum() for _ in range(200)])
    assert (free < 90).mean() > 0.5
    assert (left >= 90).mean() > 0.9


def test_the_same_numbers_give_the_same_mask():
    sizes = MASKS.sizes(GRID, np.random.default_rng(0))
    a, b, c = (MASKS.draw(GRID, sizes, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (a.context == b.context).all()
    assert (a.targets == b.targets).all()
    assert (a.targets != c.targets).any()


def test_wrong_ranges_are_refused():
    with pytest.raises(ValidationError, match="the least first"):
        MultiBlock(target_scale=(0.2, 0.15))
