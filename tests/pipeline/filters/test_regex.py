"""Patterns by RE2 against Python's `re`, and what RE2 refuses."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.contracts.trial_records import batch_of
from headrace.pipeline.filters.base import Record
from headrace.pipeline.filters.regex import Regex


def measured(pattern, *texts, **parameters):
    found = Regex(pattern, **parameters).measure(batch_of([Record(None, {}, text=text) for text in texts], "text"))
    return list(zip(found.values["matches"].tolist(), found.values["share"].tolist(), strict=True))


@pytest.mark.parametrize(
    ("pattern", "text", "matches", "share"),
    [
        (r"\d+", "12 mills, 3 wheels", 2, 3 / 18),
        (r"^m", "mmm", 1, 1 / 3),
        (r"(?m)^m", "m\nm\nxm", 2, 2 / 6),
        (r"水+", "é水水x水", 2, 3 / 5),
        (r"MILL", "mill", 0, 0),
        (r".", "", 0, 0),
        (r"(?s)a.b", "a\nb", 1, 1),
    ],
)
def test_matches_and_their_share(pattern, text, matches, share):
    assert measured(pattern, text) == [(matches, share)]


def test_case():
    assert measured("mill", "Mill MILL", "x", ignore_case=True) == [(2, 8 / 9), (0, 0)]


def test_drop_and_keep(texts, reasons):
    batch = texts("a mill", "a wheel", "mill mill")
    assert reasons(Regex("mill"), batch) == ["matches", None, "matches"]
    assert reasons(Regex("mill", min_matches=1, max_matches=float("inf")), batch) == [None, "matches", None]
    assert reasons(Regex("mill", max_matches=9, max_share=0.7), batch) == [None, None, "share_of_matches"]
    assert Regex().bounds == {"min_matches", "max_matches", "min_share", "max_share"}


@pytest.mark.parametrize("pattern", ["(?=a)", r"(a)\1", "[", "a{2000}", "*", r"\p{Klingon}", "(?<!a)b"])
def test_what_re2_does_not_know_is_refused_at_once(pattern):
    with pytest.raises(
        ValueError, match=r"a pattern that RE2 knows \(it has neither look-around nor back references\), not "
    ):
        Regex(pattern)


@pytest.mark.parametrize("pattern", [r"(a*)*b", r"(a|aa)+$"])
def test_a_pattern_that_explodes_elsewhere_is_done_in_linear_time(pattern):
    assert measured(pattern, "a" * 100_000 + "c") == [(0, 0)]


@given(
    pattern=st.sampled_from(["a", "a+", "^a", "a$", "(?m)^[ab]", "[^a]", "ab|b", r"\s", "é|水", "a.?b"]),
    texts=st.lists(st.text("abé水 \n", max_size=20), max_size=4),
)
def test_counts_are_those_of_pythons_re(pattern, texts):
    # Python's `$` also matches before a last line feed.
    found = [re.findall(pattern.replace("$", r"\Z"), text) for text in texts]
    expected = [(len(each), sum(map(len, each)) / max(len(text), 1)) for each, text in zip(found, texts, strict=True)]
    assert measured(pattern, *texts) == expected
