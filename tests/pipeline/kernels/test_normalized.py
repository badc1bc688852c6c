"""The normal form against obvious Python."""

import unicodedata

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.kernels.normalized import normalized
from headrace.pipeline.kernels.unicode_tables import lower


def slow(text, case, punctuation, whitespace):
    out, in_word = [], False
    for letter in text:
        kind = unicodedata.category(letter)[0]
        if letter.isspace():
            in_word = False
        elif kind in "LN":
            in_word = True
        elif not (kind == "M" and in_word):
            in_word = False
            if punctuation:
                continue
        out.append(letter)
    made = "".join(out)
    if whitespace:
        made = " ".join(made.split())
    return lower(made) if case else made


texts = st.lists(st.none() | st.text(max_size=30) | st.text("aÄȺ \n.,'-\u0301\u3000日ﬁİ😀", max_size=20), max_size=4)


@given(texts, st.booleans(), st.booleans(), st.booleans(), st.integers(0, 2))
def test_any_text(some, case, punctuation, whitespace, skipped):
    column = pa.array(some, pa.large_string()).slice(min(skipped, len(some)))
    found = normalized(column, case=case, punctuation=punctuation, whitespace=whitespace)
    for document, text in enumerate(column.to_pylist()):
        assert bytes(found.document(document)).decode() == slow(text or "", case, punctuation, whitespace)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Don't  stop.", "dont stop"),
        (" A\u00a0b\n", "a b"),
        ("a - b", "a b"),
        ("\u00adsoft\u200bened", "softened"),
        ("❤\ufe0f love", "love"),
    ],
)
def test_what_is_overlooked(one, other):
    column = pa.array([one, other], pa.large_string())
    found = normalized(column, case=True, punctuation=True, whitespace=True)
    assert bytes(found.document(0)) == bytes(found.document(1))
