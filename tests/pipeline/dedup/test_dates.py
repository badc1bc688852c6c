import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.dedup._dates import microseconds

NOON = 1_709_208_000_000_000
"""2024-02-29, 12:00 UTC."""


@pytest.mark.parametrize(
    "value",
    [
        "2024-02-29T12:00:00Z",
        "2024-02-29 12:00:00",
        "2024-02-29T14:00:00+02:00",
        " 2024-02-29T12:00 ",
        "20240229120000",
        "Thu, 29 Feb 2024 12:00:00 GMT",
        NOON // 10**6,
        NOON / 10**6,
    ],
)
def test_forms_of_one_moment(value):
    assert microseconds(value) == NOON


def test_parts_of_a_date():
    assert microseconds("2024") == microseconds("2024-01") == microseconds("2024-01-01") < microseconds("2024-01-02")


@pytest.mark.parametrize(
    "value", [None, True, "", "soon", "2024-13", "2023-02-29", "0000", "9" * 14, [], {}, math.nan, math.inf]
)
def test_what_is_no_date(value):
    assert microseconds(value) is None


@given(st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers()))
def test_nothing_raises_and_all_fits_64_bits(value):
    found = microseconds(value)
    assert found is None or abs(found) < 1 << 63


@given(st.datetimes(), st.datetimes())
def test_later_is_more(one, other):
    a, b = microseconds(one.isoformat()), microseconds(other.isoformat())
    assert (a < b) == (one < other)
