"""Brace patterns, against the package with which WebDataset expands them."""

import pytest
from braceexpand import braceexpand
from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.adoption.braces import expand
from headrace.shards.base.errors import UsageError

PIECES = st.recursive(
    st.sampled_from(
        ["a", "x/", ".tar", "{0..3}", "{08..11}", "{5..1..2}", "{-2..2}", "{b..e}", "{x,y}", "{,z}", "{q}", "{1..x}"]
    ),
    lambda inner: st.lists(inner, min_size=2, max_size=3).map(lambda each: "{" + ",".join(each) + "}"),
    max_leaves=4,
)


@given(st.lists(PIECES, max_size=3))
def test_patterns_are_expanded_as_by_webdataset(pieces: list[str]) -> None:
    pattern = "".join(pieces)
    assert expand(pattern) == list(braceexpand(pattern))


def test_a_range_is_filled_up() -> None:
    names = expand("s3://b/data-{000..127}.tar")
    assert len(names) == 128
    assert names[0] == "s3://b/data-000.tar"
    assert names[-1] == "s3://b/data-127.tar"


@pytest.mark.parametrize(("pattern", "words"), [("a{1..3", "not closed"), ("{0..99999}{0..99999}", "too many")])
def test_patterns_that_are_refused(pattern: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        expand(pattern)
