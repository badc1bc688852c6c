"""The normal form, and that the kernels see it where nothing is rewritten."""

import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headrace.pipeline.decontamination.normal_form import fold_table, normal_form, normal_forms, rewrite
from headrace.pipeline.decontamination.units import make_units
from headrace.pipeline.kernels.folding import FOLDED, HARD, PLAIN, fold, kinds_of
from headrace.pipeline.kernels.word_hashes import word_hashes

ODD = (
    "aé e\u0301\u0323\u0327ﬁ²ªßςΣİıſKÅΩ\u0345\u0308ŉǰ㎏Ａ１　“…\u00ad\u200b\u200d\ufeff\u2122´¨"
    "가\u1100\u1161\u11a8ｶﾞカ\u3099゛กำ\u0e49कि\u093c½"
)
texts = st.one_of(
    st.text(st.sampled_from(ODD), max_size=12),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.text(max_size=3).map(lambda text: unicodedata.normalize("NFKD", text)),
)


def words(text):
    units = make_units(pa.array([text], pa.large_string()))
    return units.spelled(0, 0, len(units.hashes))


def column(*texts):
    return pa.array(texts, pa.large_string())


@settings(max_examples=300)
@given(texts, st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_texts_that_are_equal_in_nfkc_have_the_same_words(text, form):
    assert words(normal_form(text)) == words(normal_form(unicodedata.normalize(form, text)))


@settings(max_examples=300)
@given(texts)
@example("x\u0345\u0301")
def test_what_is_rewritten_has_the_words_of_the_normal_form(text):
    assert words(rewrite(text).text) == words(normal_form(text))


@settings(max_examples=300)
@given(texts)
def test_where_nothing_is_sensitive_the_text_has_the_words_of_its_normal_form(text):
    rows, _ = normal_forms(column(text))
    if not len(rows):
        assert words(text) == words(normal_form(text))
        assert rewrite(text).text == text


@settings(max_examples=300)
@given(st.lists(texts, max_size=4))
def test_documents_are_rewritten_to_the_words_of_their_normal_form(some):
    rows, formed = normal_forms(column("", *some, None).slice(1))
    assert len(set(rows.tolist())) == len(rows) == len(formed)
    for row, form in zip(rows.tolist(), formed.to_pylist(), strict=True):
        assert words(form) == words(normal_form(some[row]))


def test_every_single_character_is_either_sensitive_or_unchanged():
    codes = [code for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    every = column(*(f"a{chr(code)}b" for code in codes))
    expected = column(*(normal_form(text) for text in every.to_pylist()))
    rows, formed = normal_forms(every)
    plain = pa.array(np.setdiff1d(np.arange(len(codes)), rows))
    assert len(plain) > 1_000_000
    assert word_hashes(every.take(plain)).hashes.tolist() == word_hashes(expected.take(plain)).hashes.tolist()
    assert word_hashes(formed).hashes.tolist() == word_hashes(expected.take(pa.array(rows))).hashes.tolist()


def test_what_goes_by_a_table_needs_no_python():
    table = fold_table()
    texts = column("Straße ﬁne ２ ™ so\u00adft", "cafe\u0301", "plain é", None, "")
    assert kinds_of(texts, table).tolist() == [FOLDED, HARD, PLAIN, PLAIN, PLAIN]
    assert fold(column("Straße, ﬁne", "", "２™\u00ad x"), table).to_pylist() == ["Strasse, fine", "", "2tm x"]


@pytest.mark.parametrize(
    "other",
    [
        "ＨＯＷ ｍａｎｙ ﬁshes",
        "how\u00a0many\u2003fi\u00adshes",
        "How—many? (FISHES!)",
        "how \u200bmany\nﬁshes",
    ],
)
def test_forms_of_one_text_are_equal(other):
    assert words(normal_form(other)) == ("how", "many", "fishes")


def test_case_is_folded_as_unicode_says():
    assert words(normal_form("STRASSE ΣΟΦΟΣ")) == words(normal_form("straße σοφος"))
    assert words(normal_form("ISPARTA ilinin İLİ ılık")) == words(normal_form("ısparta ILININ ili ILIK"))


@settings(max_examples=300)
@given(texts)
def test_the_span_of_a_word_leads_back_to_characters_that_hold_it(text):
    changed = rewrite(text)
    found = word_hashes(pa.array([changed.text], pa.large_string()))
    data = changed.text.encode()
    for start, stop, word in zip(found.starts.tolist(), found.stops.tolist(), words(changed.text), strict=True):
        first, last = changed.original(len(data[:start].decode()), len(data[:stop].decode()))
        assert 0 <= first < last <= len(text)
        assert word in words(normal_form(text[first:last]))


def test_a_span_holds_the_forms_of_its_words_and_no_neighbour():
    text = "so ﬁne a cafe\u0301, ﬁve ＤＡＹＳ!"
    changed = rewrite(text)
    start = changed.text.index("café")
    assert text[slice(*changed.original(start, start + 4))] == "cafe\u0301"
    start = changed.text.index("five days")
    assert text[slice(*changed.original(start, start + 9))] == "ﬁve ＤＡＹＳ"
