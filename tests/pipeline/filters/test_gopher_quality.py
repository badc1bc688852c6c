"""Gopher's rules against an obvious loop over the tokens."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.contracts.trial_records import batch_of
from headrace.pipeline.filters.base import Record
from headrace.pipeline.filters.gopher_quality import GopherQuality
from headrace.pipeline.kernels.segments import segment

STOP_WORDS = {"the", "be", "to", "of", "and", "that", "have", "with"}


def tokens_of(text):
    found, data = segment(pa.array([text], pa.large_string())).tokens, text.encode()
    return [data[start:stop].decode() for start, stop in zip(found.starts, found.stops, strict=True)]


def slow_measures(text):
    tokens, lines = tokens_of(text), text.splitlines()
    words = [token for token in tokens if any(map(str.isalnum, token))]
    return {
        "words": len(words),
        "mean_word_length": sum(map(len, words)) / max(len(words), 1),
        "hash_ratio": text.count("#") / max(len(tokens), 1),
        "ellipsis_ratio": (text.count("...") + text.count("…")) / max(len(tokens), 1),
        "bullet_lines": sum(line.lstrip().startswith(("•", "-", "*")) for line in lines) / max(len(lines), 1),
        "ellipsis_lines": sum(line.rstrip().endswith(("...", "…")) for line in lines) / max(len(lines), 1),
        "alphabetic_words": sum(any(map(str.isalpha, token)) for token in tokens) / max(len(tokens), 1),
        "stop_words": len(STOP_WORDS & set(tokens)),
    }


PIECES = st.sampled_from(
    ["the ", "Mill ", "with, ", "With ", "12 ", "# ", "... ", "…\n", "- ", "• ", "\n", "a-b ", "né ", "(x) ", " "]
)


@given(documents=st.lists(st.lists(PIECES, max_size=60).map("".join), min_size=1, max_size=4))
def test_measures_are_those_of_the_obvious_loop(documents):
    measures = GopherQuality().measure(batch_of([Record(None, {}, text=text) for text in documents], "text"))
    for row, text in enumerate(documents):
        found = {name: values[row] for name, values in measures.values.items()}
        assert found == pytest.approx(slow_measures(text))


def test_every_bound_is_a_parameter(texts, reasons):
    batch = texts("The mill stands with the river.")
    assert reasons(GopherQuality(), batch) == ["number_of_words"]
    assert reasons(GopherQuality(min_words=1), batch) == [None]
    for changed, reason in [
        ({"max_words": 3}, "number_of_words"),
        ({"min_mean_word_length": 9}, "mean_word_length"),
        ({"max_mean_word_length": 2}, "mean_word_length"),
        ({"min_stop_words": 3}, "stop_words"),
        ({"stop_words": ("der", "und")}, "stop_words"),
    ]:
        assert reasons(GopherQuality(**{"min_words": 1, **changed}), batch) == [reason]


def test_the_value_and_the_bound_it_broke_are_reported(texts):
    verdicts = GopherQuality().judge(texts("Three words only."))
    assert (verdicts.value[0], verdicts.threshold[0]) == (3, 50)
    assert np.all([len(values) == 1 for values in verdicts.scores.values()])


def test_the_length_of_words_is_not_asked_of_scripts_without_spaces(texts):
    values = GopherQuality().measure(texts("水車は回る", "水 wheels turning", "wheels turning", "")).values
    np.testing.assert_array_equal(values["mean_word_length"], [np.nan, 6.5, 6.5, 0])
    assert values["words"].tolist() == [5, 3, 2, 0]


def test_the_language_says_what_a_word_is(texts):
    batch = texts("Das Mühlen-Rad am Fluss-Lauf.")
    words, alphabetic = ([], [])
    for language in ("", "de"):
        values = GopherQuality(language=language).measure(batch).values
        words.append(values["words"][0])
        alphabetic.append(values["alphabetic_words"][0])
    assert (words, alphabetic) == ([6, 4], [6 / 9, 4 / 5])
