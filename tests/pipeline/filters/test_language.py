"""Languages by name and by probability."""

import pytest

from headrace.pipeline.filters.language import Language

ENGLISH = "Everyone has the right to freedom of thought, conscience and religion. "
GERMAN = "Jeder hat das Recht auf Gedanken-, Gewissens- und Religionsfreiheit. "
JAPANESE = "すべて人は、思想、良心及び宗教の自由に対する権利を有する。"


def test_the_language_is_noted_and_decides(texts, reasons):
    batch = texts(ENGLISH * 2, GERMAN * 2, JAPANESE)
    verdicts = Language().judge(batch)
    assert verdicts.notes["language"] == ["en", "de", "ja"]
    assert reasons(Language(), batch) == [None, "language", "language"]
    assert reasons(Language(allow=("de", "ja")), batch) == ["language", None, None]
    assert verdicts.evidence[1]["language"] == "de"
    assert verdicts.value[1] < verdicts.threshold[1] == 0.65


def test_several_languages_are_wanted_together(texts):
    batch = texts(ENGLISH, GERMAN, "12345")
    either = Language(allow=("de", "en")).judge(batch).scores["confidence"]
    each = [Language(allow=(code,)).judge(batch).scores["confidence"] for code in ("de", "en")]
    assert either == pytest.approx(sum(each))
    assert either.tolist()[:2] == pytest.approx([1, 1], abs=0.02)


def test_only_the_confidence_is_a_bound():
    assert Language().bounds == {"min_confidence"}


def test_what_is_in_no_language_is_not_taken_for_one(texts, reasons):
    assert reasons(Language(), texts("", " ", "12345 67890", "!!!")) == ["language"] * 4


def test_only_the_beginning_counts(texts, reasons):
    batch = texts(ENGLISH * 3 + GERMAN * 50)
    assert reasons(Language(characters=200), batch) == [None]
    assert reasons(Language(characters=4000), batch) == ["language"]


def test_a_language_that_the_model_does_not_know_is_refused_at_once():
    with pytest.raises(ValueError, match=r"unlike 'english'.*: ace, af, am, .*, zu"):
        Language(allow=("english", "de"))


def test_the_model_shapes_the_verdicts():
    (model,) = Language().files()
    assert model.endswith("model.npz.xz")
