"""Passages are whole pages cut up, and no page is in two sets."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.corpora.passages import CHARACTERS, LEAST, SETS, cut, pieces, set_of

LINES = st.lists(st.text("ab ", max_size=2 * CHARACTERS // 3).map(lambda text: text + "\n"), max_size=12)


@given(LINES)
def test_pieces_are_the_text_and_as_long_as_they_may_be(lines):
    made = list(pieces(lines))
    assert "".join(made) == "".join(lines)
    for one, other in itertools.pairwise(made):
        assert len(one) <= CHARACTERS or one.count("\n") == 1
        assert len(one) + len(other.splitlines(keepends=True)[0]) > CHARACTERS


def test_a_page_is_cut_without_the_lines_of_many_pages():
    source = "python3.13-doc_trixie"
    line = "x" * 99 + "\n"
    page = {
        "id": f"{source}/usr/share/doc/python3.13/html/c-api/code.html",
        "source": source,
        "language": "en",
        "text": "Next page\n" + 25 * line,
    }
    found = list(cut(page, {line}))
    assert [len(each["text"]) for each in found] == [1000, 1000, 500]
    assert {each["section"] for each in found} == {"python/c-api"}
    assert {each["url"] for each in found} == {page["id"]}
    assert not list(cut({**page, "text": line}, {line}))
    assert len(line) < LEAST


def test_sets_have_their_shares():
    drawn = [set_of(f"page {number}") for number in range(5000)]
    for name, percent in SETS.items():
        assert abs(drawn.count(name) / 50 - percent) < 2
