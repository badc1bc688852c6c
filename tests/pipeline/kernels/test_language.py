"""Against py3langid itself, and against the sum that both stand for, in double precision."""

import re
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType
from hypothesis import example, given
from hypothesis import strategies as st
from py3langid.langid import LanguageIdentifier, visit_counts

from headrace.pipeline.kernels.language import SIDE_BY_SIDE, identify_languages, language_labels
from headrace.pipeline.kernels.language_model import model_file

DECLARATIONS = Path(__file__).parents[3] / "examples/demo/data/crawl/udhr.warc.gz"

tricky = st.text(st.sampled_from("aZ .\n\0éÉßıİσς\u0301\u0323Å\u212bक़\u093cे漢か\u3099각\u11a8한ǅ𝒜🎉\U0002f800\ufb01"))


@cache
def identifier():
    return LanguageIdentifier.from_modelpath(str(model_file()), norm_probs=True)


def theirs(text):
    shares = dict(identifier().rank(text))
    return [shares[label] for label in language_labels()]


def exact(text):
    """What py3langid computes, without its rounding."""
    model, content = identifier(), identifier()._encode(text)
    visits = visit_counts(model.tk_nextmove, model._rowbase, model.tk_output, content) or {}
    scores = np.zeros(len(model.nb_classes))
    if visits:
        counts = np.array(list(visits.values()), np.float64)
        scores = np.log1p(counts) @ model.nb_ptc[list(visits)].astype(np.float64) + model.nb_pc
    odds = np.exp((scores - scores.max()) / np.sqrt(len(content) or 1))
    shares = dict.fromkeys(language_labels(), 0.0)
    for label, share in zip(model.nb_classes, odds / odds.sum(), strict=True):
        shares[label] += share
    return list(shares.values())


def ours(texts, characters=4_000):
    return identify_languages(pa.array(texts, pa.large_string()), characters).probabilities


@cache
def declarations():
    """The Universal Declaration of Human Rights in 150 languages."""
    with DECLARATIONS.open("rb") as file:
        pages = [record.reader.read() for record in ArchiveIterator(file, record_types=WarcRecordType.response)]
    return [re.sub(r"<[^>]*>", "", page.decode("utf-8", "replace")) for page in pages]


def test_real_texts_are_in_the_languages_that_py3langid_names():
    texts = [text[:4_000] for text in declarations()]
    found = ours(texts)
    assert len(texts) > 140
    assert [language_labels()[column] for column in found.argmax(axis=1)] == [
        identifier().classify(text)[0] for text in texts
    ]
    np.testing.assert_allclose(found, [theirs(text) for text in texts], atol=1e-3)
    np.testing.assert_allclose(found, [exact(text) for text in texts], atol=1e-5)


@given(st.lists(st.text() | tricky | tricky.map(str.upper), max_size=3 * SIDE_BY_SIDE))
@example(["", "\0", "5", "ΌΔΟΣ", "İ"])
def test_any_text_has_the_probabilities_that_py3langid_gives(texts):
    found = ours(texts)
    assert found.shape == (len(texts), len(language_labels()))
    for row, text in zip(found, texts, strict=True):
        # Both add up in float32: 4e-5 between the two was the most on real texts, 3e-6 to the exact sum.
        np.testing.assert_allclose(row, theirs(text), atol=1e-4)
        np.testing.assert_allclose(row, exact(text), atol=1e-5)


@given(st.lists(st.text() | tricky, min_size=1, max_size=9), st.integers(1, 12))
def test_only_the_beginning_is_read(texts, characters):
    np.testing.assert_array_equal(ours(texts, characters), ours([text[:characters] for text in texts]))


def test_a_document_is_told_alike_in_any_company():
    texts = [text[: 500 * (1 + row % 7)] for row, text in enumerate(declarations()[:24])]
    np.testing.assert_array_equal(ours(texts), np.concatenate([ours([text]) for text in texts]))
    np.testing.assert_array_equal(ours(texts[::-1]), ours(texts)[::-1])


def test_a_slice_and_a_null():
    column = pa.array(["Wasser", None, "Alle Menschen sind frei"], pa.large_string())
    found = identify_languages(column.slice(1), 4_000).probabilities
    np.testing.assert_array_equal(found, ours(["", "Alle Menschen sind frei"]))


def test_what_says_nothing_is_in_no_language_rather_than_another():
    (shares,) = ours(["\0\0"])
    classes = identifier().nb_classes
    assert shares.tolist() == pytest.approx([classes.count(label) / len(classes) for label in language_labels()])
