"""Rules over measures: the first broken one, with its value and bound."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.filters.base import KEEP, Rule, decide, records_of

VALUES = st.floats(-5, 5) | st.just(float("nan"))
BOUNDS = st.floats(-3, 3) | st.sampled_from([-np.inf, np.inf])


@given(data=st.data(), n=st.integers(0, 6))
def test_decide_is_the_obvious_loop(data, n):
    measures = {name: np.array(data.draw(st.lists(VALUES, min_size=n, max_size=n))) for name in "ab"}
    rules = [
        Rule(f"rule {index}", data.draw(st.sampled_from("ab")), data.draw(BOUNDS), data.draw(BOUNDS))
        for index in range(data.draw(st.integers(0, 4)))
    ]
    verdicts = decide(rules, measures, n)
    for row in range(n):
        expected = (KEEP, None, None)
        for index, rule in enumerate(rules):
            value = measures[rule.measure][row]
            broken = [bound for bound, bad in ((rule.low, value < rule.low), (rule.high, value > rule.high)) if bad]
            if broken:
                expected = (index, value, broken[0])
                break
        assert verdicts.rule[row] == expected[0]
        if expected[0] == KEEP:
            assert np.isnan(verdicts.value[row])
            assert np.isnan(verdicts.threshold[row])
        else:
            assert (verdicts.value[row], verdicts.threshold[row]) == expected[1:]
    assert verdicts.scores == measures


def test_records_of_gives_what_a_batch_holds(texts):
    (first, second) = records_of(texts("one", "two"))
    assert (first.text, first.url, first.meta, first.image) == ("one", None, {}, b"")
    assert second.text == "two"
