import numpy as np
import pytest

from headrace.trainers.evals.intervals import percentiles, resampled, wilson
from headrace.trainers.evals.results import UNTRAINED, Measured, Metric, Result, accuracy, scores

GROUPS = np.arange(50)
PERPLEXITY = Metric("perplexity", "less", exponential=True)


def right(share, draws):
    return np.random.default_rng([draws, round(100 * share)]).random((draws, 50)) < share


def result(subject, evaluation, share, draws):
    return Result(subject, evaluation, "features", accuracy(right(share, draws), GROUPS))


def test_each_result_is_held_against_the_untrained_networks_by_the_same_method():
    results = [
        result("trained", "knn", 0.9, 4),
        result("trained", "linear_probe", 0.9, 4),
        result(UNTRAINED, "knn", 0.5, 4),
    ]
    trained, untrained, alone = scores(results)
    assert [each.subject for each in (trained, untrained, alone)] == ["trained", UNTRAINED, "trained"]
    assert trained.over_untrained.difference == pytest.approx(trained.value - untrained.value)
    pairs = results[0].measured.totals - results[2].measured.totals
    low, high = percentiles(resampled(pairs, np.ones(50), GROUPS))
    assert trained.over_untrained.interval == pytest.approx((low, high))
    assert untrained.over_untrained is alone.over_untrained is None


def test_one_draw_of_records_that_stand_alone_has_wilsons_interval_and_all_else_a_bootstrap():
    one, several = accuracy(right(0.8, 1), GROUPS), accuracy(right(0.8, 6), GROUPS)
    assert one.interval == wilson(int(one.totals.sum()), 50)
    assert several.interval == percentiles(several.resampled())
    assert several.value == pytest.approx(several.totals.mean())
    pairs = accuracy(np.repeat(right(0.8, 1), 2, axis=1), np.repeat(GROUPS, 2))
    low, high = pairs.interval
    assert high - low > wilson(int(pairs.totals.sum()), 100)[1] - wilson(int(pairs.totals.sum()), 100)[0]


def test_a_ratio_of_sums_is_not_the_mean_of_ratios():
    weights = np.array([1.0, 3.0])
    measured = Measured(PERPLEXITY, np.array([[1.0, 9.0]]), weights, np.arange(2))
    assert measured.value == pytest.approx(np.exp(10 / 4))
    low, high = measured.interval
    assert np.exp(1) <= low <= measured.value <= high <= np.exp(3)


def test_differences_of_perplexities_are_of_the_perplexities():
    weights = np.ones(40)
    totals = np.random.default_rng(0).random((1, 40))
    one, other = (
        Result(name, "perplexity", "language", Measured(PERPLEXITY, scale * totals, weights, np.arange(40)))
        for name, scale in (("trained", 1), (UNTRAINED, 2))
    )
    trained, untrained = scores([one, other])
    assert trained.over_untrained.difference == pytest.approx(trained.value - untrained.value)
    low, high = trained.over_untrained.interval
    assert low < trained.over_untrained.difference < high < 0
