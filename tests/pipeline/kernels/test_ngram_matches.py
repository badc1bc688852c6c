import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.kernels.buffers import text_buffers
from headrace.pipeline.kernels.ngram_matches import NgramIndex, NgramMatches, confirmed, ngram_matches
from headrace.pipeline.kernels.shingles import shingles
from headrace.pipeline.kernels.word_hashes import normalized_words, word_hashes

sentences = st.lists(st.sampled_from(["a", "B", "c", "é", "漢"]), max_size=12).map(" ".join)


def array(texts):
    return pa.array(texts, pa.large_string())


def ngrams(text, n):
    words = text.lower().split()
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def index_of(benchmark, n):
    """The index of a benchmark's n-grams, and the words of each entry."""
    long_enough = [text for text in benchmark if len(text.split()) >= n]
    words = word_hashes(array(long_enough))
    hashes = shingles(words, n).hashes
    by_hash = {}
    for hashed, words_of_ngram in zip(
        hashes.tolist(), (g for text in long_enough for g in ngrams(text, n)), strict=True
    ):
        by_hash.setdefault(hashed, set()).add(words_of_ngram)
    unique = np.unique(hashes)
    return NgramIndex.of(unique, n), [by_hash[hashed] for hashed in unique.tolist()]


@given(st.lists(sentences, max_size=5), st.lists(sentences, max_size=5), st.integers(1, 6))
def test_matches_are_those_of_comparing_words(benchmark, texts, n):
    index, entries = index_of(benchmark, n)
    found = ngram_matches(word_hashes(array(texts)), index)
    protected = {ngram for text in benchmark for ngram in ngrams(text, n)}
    expected = [
        (document, word)
        for document, text in enumerate(texts)
        for word, ngram in enumerate(ngrams(text, n))
        if ngram in protected
    ]
    assert list(zip(found.documents.tolist(), found.words.tolist(), strict=True)) == expected
    for document, word, entry in zip(found.documents, found.words, found.entries, strict=True):
        assert ngrams(texts[document], n)[word] in entries[entry]


def test_all_matches_of_many_are_returned():
    index, _ = index_of(["spam spam spam"], 3)
    found = ngram_matches(word_hashes(array(["no", "Spam, " * 5002])), index)
    assert found.words.tolist() == list(range(5000))
    assert set(found.documents.tolist()) == {1}
    assert set(found.entries.tolist()) == {0}


def test_an_index_of_many_finds_every_one():
    hashes = np.unique(np.random.default_rng(0).integers(0, 2**64, 5000, dtype=np.uint64))
    index = NgramIndex.of(hashes, 2)
    for i in range(0, len(hashes), 97):
        bucket = int(hashes[i]) >> (64 - (len(index.buckets) - 1).bit_length() + 1)
        assert index.buckets[bucket] <= i < index.buckets[bucket + 1]


def test_a_collision_of_hashes_is_no_match():
    texts = array(["one two three", "ONE, two — three", "one two four"])
    words = word_hashes(texts)
    # As if all three documents had the hash of the benchmark's only n-gram.
    matches = NgramMatches(np.arange(3), np.zeros(3, np.int64), np.zeros(3, np.int64))
    real = confirmed(matches, texts, words, 3, lambda entry: {("one", "two", "three")})
    assert real.tolist() == [True, True, False]


def test_confirmation_reads_slices():
    texts = array(["x x", "a b c d", "z b c"]).slice(1)
    index, entries = index_of(["b c"], 2)
    words = word_hashes(texts)
    matches = ngram_matches(words, index)
    assert confirmed(matches, texts, words, 2, entries.__getitem__).tolist() == [True, True]
    assert normalized_words(text_buffers(texts), words, 0, 1, 2) == ("b", "c")


@pytest.mark.parametrize("hashes", [[2, 1], [1, 1]])
def test_an_index_must_be_sorted(hashes):
    with pytest.raises(ValueError, match="sorted"):
        NgramIndex.of(np.array(hashes, np.uint64), 3)
