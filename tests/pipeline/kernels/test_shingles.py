import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.kernels.shingles import exact_jaccard, shingle_texts, shingles
from headrace.pipeline.kernels.unicode_tables import UNSPACED_RANGES
from headrace.pipeline.kernels.word_hashes import WordHashes, hash_words, word_hashes

MASK = 2**64 - 1
BASE, MULTIPLIER = 0xD1342543DE82EF95, 0x9E3779B97F4A7C15

hashes = st.integers(0, MASK)
documents = st.lists(st.lists(hashes, max_size=9), max_size=4)
sets = st.sets(st.integers(0, 20) | st.integers(MASK - 20, MASK)).map(lambda some: np.array(sorted(some), np.uint64))


def as_words(some):
    flat = np.array([word for document in some for word in document], np.uint64)
    spans = np.zeros(len(flat), np.int64)
    return WordHashes(np.cumsum([0, *map(len, some)]).astype(np.int64), flat, spans, spans)


def slow_shingle(words):
    value = sum(word * pow(BASE, len(words) - 1 - i, 2**64) for i, word in enumerate(words))
    value = value + len(words) * MULTIPLIER & MASK
    value = (value ^ value >> 33) * 0xFF51AFD7ED558CCD & MASK
    value = (value ^ value >> 33) * 0xC4CEB9FE1A85EC53 & MASK
    return value ^ value >> 33


@given(documents, st.integers(1, 12))
def test_shingles_are_the_documented_function_of_words(some, n):
    found = shingles(as_words(some), n)
    for document, words in enumerate(some):
        windows = [words[i : i + n] for i in range(len(words) - n + 1)] or [words] * (len(words) > 0)
        got = found.hashes[found.offsets[document] : found.offsets[document + 1]]
        assert got.tolist() == [slow_shingle(window) for window in windows]


def test_order_and_length_matter():
    texts = ["a b c", "c b a", "a b c a", "a b", "A, b... C!"]
    found = shingles(word_hashes(pa.array(texts, pa.large_string())), 5)
    assert len(set(found.hashes.tolist())) == 4
    assert found.hashes[0] == found.hashes[4]


def test_a_set_is_sorted_and_has_no_repetitions():
    found = shingles(word_hashes(pa.array(["x", "a a a a a a b"], pa.large_string())), 2)
    assert len(found.set_of(1)) == 2
    assert np.all(np.diff(found.set_of(1)) > 0)


letters = st.sampled_from("ab é?日本語のテキストไทย".replace(" ", "") + "  ")


def slow_words(text):
    """The words of a text of letters without marks, and how many are of unspaced scripts."""
    words, open_, unspaced = [], False, 0
    for letter in text:
        if any(first <= ord(letter) <= last for first, last in UNSPACED_RANGES):
            words.append(letter)
            unspaced, open_ = unspaced + 1, False
        elif letter.isalnum():
            words[-1:] = [words[-1] + letter] if open_ else [*words[-1:], letter]
            open_ = True
        else:
            open_ = False
    return words, unspaced


@given(st.lists(st.none() | st.text(letters, max_size=30), max_size=4), st.integers(1, 4), st.integers(1, 7))
def test_documents_mostly_of_unspaced_scripts_have_shingles_of_their_own_length(texts, n, characters):
    found = shingle_texts(pa.array(texts, pa.large_string()), n, characters)
    for document, text in enumerate(texts):
        words, unspaced = slow_words(text or "")
        flat = hash_words(words).tolist() if words else []
        size = characters if 2 * unspaced > len(words) else n
        expected = shingles(as_words([flat]), size).hashes
        got = found.hashes[found.offsets[document] : found.offsets[document + 1]]
        assert got.tolist() == expected.tolist()


def test_a_shingle_has_a_word():
    with pytest.raises(ValueError, match="at least one word"):
        shingle_texts(pa.array(["a"], pa.large_string()), 5, 0)
    with pytest.raises(ValueError, match="at least one word"):
        shingles(as_words([[1]]), 0)


@given(sets, sets)
def test_jaccard_is_that_of_sets(left, right):
    a, b = set(left.tolist()), set(right.tolist())
    assert exact_jaccard(left, right) == (len(a & b) / len(a | b) if a | b else 0)
