import pytest
from scipy.stats import binomtest

from headrace.trainers.evals.intervals import wilson


@pytest.mark.parametrize(("right", "total"), [(0, 10), (10, 10), (1, 1), (832, 1000), (50, 99)])
def test_the_interval_is_scipys(right, total):
    reference = binomtest(right, total).proportion_ci(method="wilson")
    assert wilson(right, total) == pytest.approx((reference.low, reference.high))
