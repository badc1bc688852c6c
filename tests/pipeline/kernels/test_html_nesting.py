"""The bound on a page's nesting: against the parsed page, and against a slow reading of its tags."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from resiliparse.parse.html import HTMLTree

from headrace.pipeline.extractors.resiliparse import _depth
from headrace.pipeline.kernels.html_nesting import _CLOSED_BY_THE_NEXT, _VOID, PER_CONTAINER, nesting_bound

NAMES = ("div", "span", "b", "ul", "li", "p", "br", "table", "tr", "td", "blockquote", "section")
pieces = st.sampled_from([f"<{name}>" for name in NAMES] + [f"</{name}>" for name in NAMES] + ["text", "<img src=a>"])


def slow_bound(html):
    opened, deepest = Counter(), 0
    for slash, name in re.findall(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,7})", html):
        name = name.lower()
        if name in _VOID or name in _CLOSED_BY_THE_NEXT:
            continue
        opened[name] = max(0, opened[name] + (-1 if slash else 1))
        deepest = max(deepest, opened.total())
    return PER_CONTAINER * deepest + PER_CONTAINER


@given(st.lists(pieces, max_size=60).map("".join) | st.text("<>/abp r=\"'", max_size=40))
def test_it_is_the_slow_reading(html):
    assert nesting_bound(html.encode()) == slow_bound(html)


@given(st.lists(pieces, max_size=40).map("".join))
def test_no_page_is_deeper_than_html_head_and_body_on_top_of_it(html):
    assert _depth(HTMLTree.parse(html)) <= nesting_bound(html.encode()) + 4


@pytest.mark.parametrize(
    ("html", "bound"),
    [
        ("<div>" * 5000, 5000),
        ("<DIV CLASS='a>b'>" * 50 + "</Div>" * 50, 50),
        ("<br>" * 5000, 0),
        ("<p>a<li>b" * 5000, 0),
        ("a < b </ c> <!-- <b> -->", 1),
        ("<div></b>" * 300, 300),
        ("", 0),
        ("<", 0),
        ("<a", 1),
    ],
)
def test_pages_by_hand(html, bound):
    assert nesting_bound(html.encode()) == PER_CONTAINER * bound + PER_CONTAINER
