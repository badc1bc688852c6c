import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.kernels.ngram_matches import NgramIndex, ngram_matches
from headrace.pipeline.kernels.shingles import shingles
from headrace.pipeline.kernels.word_hashes import WordHashes, word_hashes

sentences = st.lists(st.sampled_from(["a", "B", "c", "é", "漢"]), max_size=12).map(" ".join)


def words_of(texts):
    return word_hashes(pa.array(texts, pa.large_string()))


def ngrams(text, n):
    words = text.lower().split()
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def index_of(benchmark, n):
    """The index of a benchmark's n-grams, and the words of each entry."""
    long_enough = [text for text in benchmark if len(text.split()) >= n]
    hashes = shingles(words_of(long_enough), n).hashes
    spelled = (gram for text in long_enough for gram in ngrams(text, n))
    by_hash = dict(zip(hashes.tolist(), spelled, strict=True))
    return NgramIndex.of(np.unique(hashes), n), [by_hash[each] for each in sorted(by_hash)]


def slow_matches(texts, entries, n):
    """What `ngram_matches` gives, by comparing words."""
    counts, firsts, stretches = [], [], []
    for document, text in enumerate(texts):
        places = [(at, gram) for at, gram in enumerate(ngrams(text, n)) if gram in entries]
        counts.append(len(places))
        seen, covered = set(), -1
        for at, gram in places:
            if gram not in seen:
                seen.add(gram)
                firsts.append((document, at, entries.index(gram)))
            if at > covered:
                stretches.append([document, at, 0])
            covered = stretches[-1][2] = at + n
    return counts, firsts, stretches


@given(st.lists(sentences, max_size=5), st.lists(sentences, max_size=5), st.integers(1, 6))
def test_matches_are_those_of_comparing_words(benchmark, texts, n):
    index, entries = index_of(benchmark, n)
    words = words_of(texts)
    found = ngram_matches(words.hashes, words.offsets, index)
    counts, firsts, stretches = slow_matches(texts, entries, n)
    assert found.counts.tolist() == counts
    assert list(map(tuple, found.firsts.T.tolist())) == firsts
    assert found.stretches.T.tolist() == stretches


def test_more_than_was_expected_is_returned_whole():
    index, _ = index_of(["spam spam spam", *(f"w{i} x y" for i in range(3000))], 3)
    words = words_of(["no", "Spam, " * 5002, " . ".join(f"w{i} x y z" for i in range(3000))])
    found = ngram_matches(words.hashes, words.offsets, index)
    assert found.counts.tolist() == [0, 5000, 3000]
    assert found.firsts.shape == (3, 3001)
    assert found.stretches.shape == (3, 3001)
    assert found.stretches[:, 0].tolist() == [1, 0, 5002]


def test_an_index_of_many_finds_every_one_and_no_other():
    draw = np.random.default_rng(0)
    known = np.unique(draw.integers(0, 2**64, 5000, dtype=np.uint64))
    words = np.concatenate([known, draw.integers(0, 2**64, 50_000, dtype=np.uint64)])
    offsets = np.array([0, len(words)])
    index = NgramIndex.of(np.unique(_hashes_of_one(known)), 1)
    found = ngram_matches(words, offsets, index)
    assert found.counts.tolist() == [5000]
    assert sorted(found.firsts[2].tolist()) == list(range(5000))


def _hashes_of_one(words):
    nowhere = np.zeros(len(words), np.int64)
    return shingles(WordHashes(np.array([0, len(words)]), words, nowhere, nowhere), 1).hashes


@pytest.mark.parametrize("hashes", [[2, 1], [1, 1]])
def test_an_index_must_be_sorted(hashes):
    with pytest.raises(ValueError, match="sorted"):
        NgramIndex.of(np.array(hashes, np.uint64), 3)
