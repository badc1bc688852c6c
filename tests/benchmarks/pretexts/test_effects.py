import numpy as np
import pytest

from benchmarks.pretexts.effects import effects
from benchmarks.pretexts.page import markdown
from benchmarks.pretexts.studies import AUGMENTATIONS, PRETEXTS
from benchmarks.pretexts.table import Finding, Spread

NETWORKS, VIEWS = {"resnet": 0, "vit": 1}, {"crop": 0, "colour": 1, "both": 2}


def found(value):
    """Of each row of the augmentations' table, over two seeds."""
    return [
        Finding(
            row.name,
            "knn",
            "accuracy",
            "more",
            {"trained": Spread(tuple(value(seed, **row.varied) for seed in (0, 1)))},
        )
        for row in AUGMENTATIONS
    ]


@pytest.mark.parametrize(
    ("value", "shares"),
    [
        (lambda seed, network, views: 7.0 + seed + NETWORKS[network], (1, 0, 0)),
        (lambda seed, network, views: seed - 2.0 * VIEWS[views], (0, 1, 0)),
        (lambda seed, network, views: 3.0 * NETWORKS[network] + 2 * VIEWS[views], (13.5 / 29.5, 16 / 29.5, 0)),
        (lambda seed, network, views: float((2 * NETWORKS[network] - 1) * (VIEWS[views] - 1)), (0, 0, 1)),
    ],
)
def test_each_has_what_it_makes(value, shares):
    (knn,) = effects(AUGMENTATIONS, found(value))
    assert [*knn.shares] == ["network", "views", "both together"]
    np.testing.assert_allclose([each.mean for each in knn.shares.values()], shares, atol=1e-12)


def test_they_stand_on_the_page():
    told = found(lambda seed, network, views: 3.0 * NETWORKS[network] + 2 * VIEWS[views])
    told = [Finding(*each_parts(each)) for each in told]
    page = markdown("Title", ["about"], told, effects(AUGMENTATIONS, told), "## Log")
    assert "| knn | 46% ± 0 | 54% ± 0 | 0% ± 0 |" in page
    assert effects(AUGMENTATIONS[:5], told[:5]) == []
    assert "What makes the difference" not in markdown("Title", ["about"], told, effects(PRETEXTS, told), "## Log")


def each_parts(finding):
    more = {**finding.found, "untrained": finding.found["trained"]}
    return finding.row, finding.evaluation, finding.metric, finding.better, more
