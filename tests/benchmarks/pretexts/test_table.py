"""What counts as shown, and what is set beside what."""

import pytest

from benchmarks.pretexts.page import as_data, markdown
from benchmarks.pretexts.table import Finding, Spread, findings


def score(subject, value, metric="accuracy", better="more"):
    return {"evaluation": "knn", "metric": metric, "better": better, "subject": subject, "value": value}


def finding(trained, untrained, **others):
    found = {"trained": trained, "untrained": untrained, **others}
    return Finding("mae", "knn", "accuracy", "more", {name: Spread(values) for name, values in found.items()})


def test_a_margin_is_shown_from_three_points_and_two_deviations():
    even = (30.0, 31.0, 32.0)
    assert finding((33.0, 34.0, 35.0), even).shown("untrained")
    assert not finding((32.9, 33.9, 34.9), even).shown("untrained")
    assert finding((38.0, 41.0, 44.0), even).shown("untrained")  # 8, 10, 12: 10 +- 2
    assert not finding((34.0, 41.0, 48.0), even).shown("untrained")  # 4, 10, 16: 10 +- 6
    assert not finding(even, (40.0, 41.0, 42.0)).shown("untrained")
    assert finding((40.0,), (30.0,)).shown("untrained") is None


def test_seeds_are_compared_with_themselves():
    margin = finding((40.0, 50.0, 60.0), (30.0, 40.0, 50.0)).margin("untrained")
    assert (margin.mean, margin.deviation) == (10, 0)


def test_less_may_be_better_and_is_not_in_points():
    runs = [[score("trained, 9 steps", 2.0, "bits per byte", "less"), score("untrained", 8.0, "bits per byte", "less")]]
    (found,) = findings("causal_lm", runs)
    assert found.margin("untrained").mean == 6
    assert found.shown("untrained") is None


def test_raw_input_is_the_best_that_looks_at_the_input():
    runs = [
        [
            score(name, value)
            for name, value in zip(("trained, 9 steps", "untrained", "pixels", "patches"), row, strict=True)
        ]
        + [{**score("none", 0.99), "evaluation": "commonest class"}]
        for row in ((0.5, 0.3, 0.2, 0.4), (0.6, 0.3, 0.2, 0.4))
    ]
    (found,) = findings("mae", runs)
    assert found.raw == "patches"
    assert found.margin("patches").values == pytest.approx((10, 20))
    assert finding((1.0, 2.0), (1.0, 2.0)).raw is None


def test_runs_that_were_judged_otherwise_are_refused():
    with pytest.raises(ValueError, match="mae were not judged alike"):
        findings("mae", [[score("trained, 9 steps", 0.5)], [score("untrained", 0.5)]])


def test_the_page_tells_margins_and_verdicts():
    found = [finding((40.0, 42.0), (30.0, 31.0), pixels=(39.0, 39.0)), finding((40.0, 42.0), (30.0, 31.0))]
    page = markdown("Pretexts", ["seeds 3, 4"], found, [], "What was tried\n")
    untrained, pixels = "30.5 ± 0.7 | +10.5 ± 0.7 | shown", "39.0 (pixels) | +2.0 ± 1.4 | not shown"
    assert f"| mae | knn, accuracy | 41.0 ± 1.4 | {untrained} | {pixels} |" in page
    assert page.startswith("# Pretexts\n\n- seeds 3, 4\n\n| ")
    assert page.endswith("|\n\nWhat was tried\n")
    first, second = as_data({}, found, [], [])["findings"]
    assert first["margins"]["pixels"] == {"values": (1.0, 3.0), "shown": False}
    assert list(second["margins"]) == ["untrained"]
