import numpy as np
import pytest

from headrace.trainers.evals.intervals import bootstrap, wilson
from headrace.trainers.evals.results import UNTRAINED, Result, scores

GROUPS = np.arange(50)


def result(features, evaluation, share, draws):
    rng = np.random.default_rng([draws, round(100 * share)])
    return Result(features, evaluation, rng.random((draws, 50)) < share)


def test_each_result_is_held_against_the_untrained_networks_by_the_same_method():
    results = [
        result("trained", "knn", 0.9, 4),
        result(UNTRAINED, "knn", 0.5, 4),
        result("trained", "linear_probe", 0.9, 4),
    ]
    trained, untrained, alone = scores(results, GROUPS)
    assert trained.over_untrained.difference == pytest.approx(trained.accuracy - untrained.accuracy)
    assert trained.over_untrained.interval == bootstrap(results[0].right.astype(float) - results[1].right, GROUPS)
    assert untrained.over_untrained is alone.over_untrained is None


def test_one_draw_has_wilsons_interval_and_several_a_bootstrap():
    one, several = result("a", "knn", 0.8, 1), result("a", "knn", 0.8, 6)
    assert one.interval(GROUPS) == wilson(int(one.right.sum()), 50)
    assert several.interval(GROUPS) == bootstrap(several.right, GROUPS)
    assert several.accuracy == several.right.mean()
