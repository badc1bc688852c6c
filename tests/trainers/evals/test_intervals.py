import numpy as np
import pytest
from scipy.stats import binomtest

from headrace.trainers.evals.intervals import percentiles, resampled, wilson


def bootstrap(values, groups):
    return percentiles(resampled(values, np.ones(values.shape[1]), groups))


@pytest.mark.parametrize(("right", "total"), [(0, 10), (10, 10), (1, 1), (832, 1000), (50, 99)])
def test_the_interval_is_scipys(right, total):
    reference = binomtest(right, total).proportion_ci(method="wilson")
    assert wilson(right, total) == pytest.approx((reference.low, reference.high))


def test_a_difference_is_bounded_as_a_normal_one_where_there_are_many_records():
    rng = np.random.default_rng(0)
    first, second = rng.random(4000) < 0.8, rng.random(4000) < 0.75
    gain = first.astype(float) - second
    low, high = bootstrap(gain[None], np.arange(4000))
    spread = 1.96 * gain.std() / np.sqrt(4000)
    assert (low, high) == pytest.approx((gain.mean() - spread, gain.mean() + spread), abs=0.002)


def test_records_that_stand_and_fall_together_count_as_one():
    rng = np.random.default_rng(0)
    first, second = rng.random(200) < 0.8, rng.random(200) < 0.75
    gain = (first.astype(float) - second)[None]
    alone = bootstrap(gain, np.arange(200))
    tenfold = bootstrap(np.repeat(gain, 10, axis=1), np.repeat(np.arange(200), 10))
    assert tenfold == pytest.approx(alone)


def test_few_draws_widen_the_interval_though_the_test_is_large():
    rng = np.random.default_rng(0)
    lucky = rng.normal(0.8, 0.1, (10, 1))  # each draw's accuracy
    low, high = bootstrap(np.broadcast_to(lucky, (10, 4000)), np.arange(4000))
    spread = 1.96 * lucky.std() / np.sqrt(10)
    assert (low, high) == pytest.approx((lucky.mean() - spread, lucky.mean() + spread), abs=0.01)


def test_the_same_answers_differ_by_nothing():
    assert bootstrap(np.zeros((2, 3)), np.arange(3)) == (0, 0)
