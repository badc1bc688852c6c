"""Rules over measures: the first broken one, with its value and bound."""

from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.filters.base import KEEP, Measures, Rule, RuleFilter, records_of

VALUES = st.floats(-5, 5) | st.just(float("nan"))
BOUNDS = st.floats(-3, 3) | st.sampled_from([-np.inf, np.inf])


@dataclass(frozen=True)
class Ruled(RuleFilter):
    """Any rules, on measures made elsewhere."""

    rules: tuple[Rule, ...] = ()
    least: float = 0

    def measure(self, batch):
        return Measures({})


def test_a_bound_may_be_a_parameters_name():
    plugin = Ruled((Rule("too_small", "a", low="least"), Rule("too_large", "a", high=7)), least=2)
    rule, value, threshold = plugin.decide({"a": np.array([1.0, 2.0, 8.0])}, 3)
    assert rule.tolist() == [0, KEEP, 1]
    assert (value[0], threshold[0], value[2], threshold[2]) == (1, 2, 8, 7)
    assert plugin.bounds == {"least"}


@given(data=st.data(), n=st.integers(0, 6))
def test_decide_is_the_obvious_loop(data, n):
    measures = {name: np.array(data.draw(st.lists(VALUES, min_size=n, max_size=n))) for name in "ab"}
    rules = [
        Rule(f"rule {index}", data.draw(st.sampled_from("ab")), data.draw(BOUNDS), data.draw(BOUNDS))
        for index in range(data.draw(st.integers(0, 4)))
    ]
    rule, measured, threshold = Ruled(tuple(rules)).decide(measures, n)
    for row in range(n):
        expected = (KEEP, None, None)
        for index, each in enumerate(rules):
            value = measures[each.measure][row]
            broken = [bound for bound, bad in ((each.low, value < each.low), (each.high, value > each.high)) if bad]
            if broken:
                expected = (index, value, broken[0])
                break
        assert rule[row] == expected[0]
        if expected[0] == KEEP:
            assert np.isnan(measured[row])
            assert np.isnan(threshold[row])
        else:
            assert (measured[row], threshold[row]) == expected[1:]


def test_records_of_gives_what_a_batch_holds(texts):
    (first, second) = records_of(texts("one", "two"))
    assert (first.text, first.url, first.meta, first.image) == ("one", None, {}, b"")
    assert second.text == "two"
