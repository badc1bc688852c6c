"""The survivor policy: the same for every stage, and independent of how records are split."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.pipeline.dedup._dates import microseconds
from headrace.pipeline.dedup._preference import LAST, Preference, by_date, by_value
from headrace.pipeline.dedup.exact_dedup import ExactDedup
from headrace.pipeline.dedup.minhash_dedup import MinhashDedup
from headrace.shards.base.errors import RecipeError

FUZZY = {"similarity": 0.6, "ngram": 1, "permutations": 64}


@given(st.lists(st.floats(), max_size=8))
def test_the_highest_value_ranks_first_and_none_last(values):
    ranks = by_value(np.array(values, np.float64)).tolist()
    known = [(rank, -value) for rank, value in zip(ranks, values, strict=True) if not math.isnan(value)]
    assert [value for _, value in sorted(known)] == sorted(value for _, value in known)
    assert len({rank for rank, _ in known}) == len({value for _, value in known})
    assert all(rank < LAST for rank, _ in known)
    assert [rank for rank, value in zip(ranks, values, strict=True) if math.isnan(value)] == [LAST] * (
        len(values) - len(known)
    )


@given(st.lists(st.none() | st.datetimes().map(str) | st.integers(-(10**12), 10**12), max_size=8))
def test_the_latest_date_ranks_first_and_none_last(dates):
    order = sorted(range(len(dates)), key=lambda row: (by_date(dates)[row], row))
    times = [microseconds(date) for date in dates]
    expected = sorted(range(len(dates)), key=lambda row: (times[row] is None, -(times[row] or 0), row))
    assert order == expected


@pytest.mark.parametrize(
    ("keep", "by", "match"),
    [
        ("newest", (), "needs in 'by' the name of a meta field"),
        ("best_score", ("a", "b"), "needs in 'by' the name of a stored score"),
        ("preferred_source", (), "a list of sources"),
        ("first", ("date",), "leave 'by' out"),
    ],
)
def test_a_policy_that_does_not_hang_together(keep, by, match):
    with pytest.raises(ValueError, match=match):
        Preference(keep, by)


def test_an_unknown_source_is_refused(deduplicate):
    stage = ExactDedup(keep="preferred_source", by=("manual",))
    with pytest.raises(RecipeError, match=r"no input has the source 'manual'.*Did you mean 'manuals'"):
        deduplicate(stage, ["a"], sources=["manuals"])


@pytest.mark.parametrize("stage", [ExactDedup(keep="newest", by="dat"), MinhashDedup(keep="best_score", by="words")])
def test_a_field_that_no_record_has_is_refused(deduplicate, stage):
    records = [{"text": "a", "meta": {"date": "2024"}, "score": 1.0}] * 3
    with pytest.raises(RecipeError, match="no record that has"):
        deduplicate(stage, records, [1])


def test_the_preferred_source_stays_whatever_comes_first(deduplicate):
    texts = ["same", "other", "same", "same", "other"]
    for stage in (ExactDedup, MinhashDedup):
        kept = stage(keep="preferred_source", by=("c", "b"))
        found = deduplicate(kept, texts, [2, 3], sources=["a", "b", "c"]).dropped
        assert found == {0: (3, 1.0), 2: (3, 1.0), 1: (4, 1.0)}


VOCABULARY = [f"w{number}" for number in range(7)]

records = st.lists(
    st.fixed_dictionaries(
        {
            "text": st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=8).map(" ".join),
            "meta": st.fixed_dictionaries(
                {},
                optional={
                    "date": st.sampled_from(["2024", "2023-05-01", "2025-01-01T00:00:00Z"]),
                    "stars": st.integers(0, 3),
                },
            ),
            "score": st.none() | st.sampled_from([1.0, 2.0, -1.0]),
        }
    ),
    max_size=12,
)

POLICIES = {
    "first": ((), lambda record: 0),
    "longest": ((), lambda record: -len(record["text"])),
    "newest": ("date", lambda record: -(microseconds(record["meta"].get("date")) or -math.inf)),
    "best_score": ("quality.words", lambda record: math.inf if record["score"] is None else -record["score"]),
}


def reference(records, rank, similarity):
    """All pairs, leaders in the policy's order."""
    sets = [set(record["text"].split()) for record in records]
    leaders, dropped = [], {}
    for number in sorted(range(len(records)), key=lambda number: (rank(records[number]), number)):
        alike = [
            (len(sets[number] & sets[each]) / len(sets[number] | sets[each]), -at, each)
            for at, each in enumerate(leaders)
        ]
        best = max(alike, default=(0.0, 0, -1))
        if best[0] >= similarity:
            dropped[number] = (best[2], best[0])
        else:
            leaders.append(number)
    return dropped


@pytest.mark.parametrize("keep", POLICIES)
@given(records, st.lists(st.integers(0, 12), max_size=3))
@settings(max_examples=15)
def test_every_policy_is_that_of_the_slow_reference(deduplicate, keep, records, cuts):
    by, rank = POLICIES[keep]
    has = {"newest": lambda each: "date" in each["meta"], "best_score": lambda each: each["score"] is not None}
    if records and keep in has and not any(map(has[keep], records)):
        return
    # So many bands of one row that no pair is missed.
    fuzzy = MinhashDedup(similarity=0.6, ngram=1, bands=40, rows=1, keep=keep, by=by)
    assert deduplicate(fuzzy, records, cuts).dropped == reference(records, rank, 0.6)
    equal = {}
    for number in sorted(range(len(records)), key=lambda number: (rank(records[number]), number)):
        equal.setdefault(records[number]["text"], []).append(number)
    expected = {number: (first, 1.0) for first, *others in equal.values() for number in others}
    assert deduplicate(ExactDedup(keep=keep, by=by), records, cuts).dropped == expected


def test_a_score_may_be_a_field_of_meta(deduplicate):
    some = [{"text": "same", "meta": {"stars": stars}} for stars in (1, None, "5", "many", 3)]
    found = deduplicate(ExactDedup(keep="best_score", by="stars"), some, [2]).dropped
    assert found == dict.fromkeys((0, 1, 3, 4), (2, 1.0))
