import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.kernels.segments import segment
from headrace.pipeline.kernels.stop_words import count_stop_words

WORDS = st.sampled_from(["the", "The", "of", "über", "Über", "nie", "x"])


def count(texts, stop_words):
    tokens = segment(pa.array(texts, pa.large_string())).tokens
    return count_stop_words(tokens.offsets, tokens.hashes, stop_words).tolist()


@given(st.lists(st.lists(WORDS), max_size=4), st.sets(WORDS))
def test_different_stop_words_are_counted(documents, stop_words):
    expected = [len(stop_words & set(document)) for document in documents]
    assert count([" ".join(document) for document in documents], tuple(stop_words)) == expected


def test_capitals_and_repetitions():
    assert count(["The the the", ""], ("the", "the", "two words")) == [1, 0]


def test_no_stop_words_and_too_many():
    assert count(["the"], ()) == [0]
    assert count(["the"], (*(f"w{i}" for i in range(63)), "the")) == [1]
    with pytest.raises(ValueError, match="65 stop words"):
        count(["the"], tuple(f"w{i}" for i in range(65)))
