import numpy as np
import pytest
from scipy.stats import binomtest

from headrace.trainers.evals.intervals import paired_difference, wilson


@pytest.mark.parametrize(("right", "total"), [(0, 10), (10, 10), (1, 1), (832, 1000), (50, 99)])
def test_the_interval_is_scipys(right, total):
    reference = binomtest(right, total).proportion_ci(method="wilson")
    assert wilson(right, total) == pytest.approx((reference.low, reference.high))


def test_a_difference_is_bounded_as_a_normal_one_where_there_are_many_records():
    rng = np.random.default_rng(0)
    first, second = rng.random(4000) < 0.8, rng.random(4000) < 0.75
    low, high = paired_difference(first, second, np.arange(4000))
    gain = first.astype(float) - second
    spread = 1.96 * gain.std() / np.sqrt(4000)
    assert (low, high) == pytest.approx((gain.mean() - spread, gain.mean() + spread), abs=0.002)


def test_records_that_stand_and_fall_together_count_as_one():
    rng = np.random.default_rng(0)
    first, second = rng.random(200) < 0.8, rng.random(200) < 0.75
    alone = paired_difference(first, second, np.arange(200))
    tenfold = paired_difference(np.repeat(first, 10), np.repeat(second, 10), np.repeat(np.arange(200), 10))
    assert tenfold == pytest.approx(alone)


def test_the_same_answers_differ_by_nothing():
    right = np.array([True, False, True])
    assert paired_difference(right, right, np.arange(3)) == (0, 0)
