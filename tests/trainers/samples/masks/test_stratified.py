import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from headrace.shards.base.rng import generator
from headrace.trainers.samples.masks.stratified import stratified_ratios


@given(st.integers(0, 300), st.floats(0, 1), st.integers(0, 2**32))
def test_each_piece_of_the_range_is_drawn_once(crops, masked, seed):
    ratios = stratified_ratios(crops, np.random.default_rng(seed), masked=masked)
    drawn = np.sort(ratios[ratios > 0])
    assert len(ratios) == crops
    assert len(drawn) == int(round(crops * masked, 6))
    edges = np.linspace(0.1, 0.5, len(drawn) + 1)
    assert (edges[:-1] - 1e-12 <= drawn).all()
    assert (drawn <= edges[1:] + 1e-12).all()


def test_half_of_the_global_crops_are_masked_and_which_is_random():
    masked = np.array([stratified_ratios(64, generator("test", 0, step)) > 0 for step in range(2000)])
    assert (masked.sum(1) == 32).all()
    assert np.abs(masked.mean(0) - 0.5).max() < 4.5 * 0.5 / np.sqrt(2000)


def test_the_ratio_of_a_crop_is_uniform_over_steps():
    ratios = np.array([stratified_ratios(16, generator("test", 0, step)) for step in range(3000)])[:, 5]
    assert kstest(ratios[ratios > 0], "uniform", (0.1, 0.4)).pvalue > 0.001


def test_ranks_agree_and_steps_differ():
    first, same, other = (stratified_ratios(64, generator("test", 0, step)) for step in (3, 3, 4))
    assert (first == same).all()
    assert (first != other).any()
