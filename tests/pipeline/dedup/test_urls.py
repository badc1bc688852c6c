import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.dedup._urls import normalized_url

SAME = [
    ("HTTP://Example.ORG", "http://example.org/"),
    ("http://example.org:80/a", "http://example.org/a"),
    ("https://example.org.:443/a", "https://example.org/a"),
    ("https://example.org:8443/a", "https://example.org:8443/a"),
    ("https://example.org:/a", "https://example.org/a"),
    ("http://[2001:DB8::1]:80/", "http://[2001:db8::1]/"),
    ("http://User:Pass@Example.org/", "http://User:Pass@example.org/"),
    ("http://example.org/a#part", "http://example.org/a"),
    ("http://example.org/a?", "http://example.org/a"),
    ("http://example.org/a?utm_source=x&id=7&UTM_Medium=y&fbclid=z", "http://example.org/a?id=7"),
    ("http://example.org/a?gclid=1", "http://example.org/a"),
    ("http://example.org/a?b=1&a=2", "http://example.org/a?b=1&a=2"),
    ("http://example.org/%7ejoe/%2fx%c3%a9", "http://example.org/~joe/%2Fx%C3%A9"),
    ("http://example.org/a/./b/../c", "http://example.org/a/c"),
    ("http://example.org/../a/..", "http://example.org/"),
    ("http://example.org/a/b/..", "http://example.org/a/"),
    (" http://example.org/a \n", "http://example.org/a"),
    ("http://example.org/Path", "http://example.org/Path"),
    ("http://[broken/", "http://[broken/"),
    ("no url at all", "no url at all"),
    ("urn:isbn:X", "urn:isbn:X"),
]


@pytest.mark.parametrize(("url", "expected"), SAME)
def test_the_rules(url, expected):
    assert normalized_url(url) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://example.org/a", "https://example.org/a"),
        ("http://example.org/a", "http://www.example.org/a"),
        ("http://example.org/a", "http://example.org/a/"),
        ("http://example.org/a?x=1", "http://example.org/a?x=2"),
        ("http://example.org/a%2fb", "http://example.org/a/b"),
    ],
)
def test_what_can_be_another_page(one, other):
    assert normalized_url(one) != normalized_url(other)


def test_the_users_own_tracking_parameters():
    assert normalized_url("http://e.org/?utm_a=1&sid=2&x=3", ["sid*"]) == "http://e.org/?utm_a=1&x=3"
    assert normalized_url("http://e.org/?utm_a=1", []) == "http://e.org/?utm_a=1"


parts = st.sampled_from(
    ["http://", "HTTPS://", "e.Org", ":80", "/", "//", "..", ".", "%2e", "%41", "?", "&", "a=1", "#", "[", "@", "é"]
)


@given(st.lists(parts, max_size=8).map("".join) | st.text(max_size=20))
def test_what_is_normalised_stays_so(url):
    once = normalized_url(url)
    assert normalized_url(once) == once
