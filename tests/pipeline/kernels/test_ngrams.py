from collections import Counter

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headrace.pipeline.kernels.ngrams import DUPLICATE, TOP, repeated_ngrams
from headrace.pipeline.kernels.tokens import ALPHABETIC, CHARACTER, Tokens

LENGTHS = {"a": 1, "b": 2, "c": 30, "漢": 1}


def tokens_of(documents):
    """Tokens of one letter each; what they are long is said by LENGTHS."""
    flat = [token for document in documents for token in document]
    return Tokens(
        offsets=np.cumsum([0, *map(len, documents)]),
        hashes=np.array([hash(token) % 2**64 for token in flat], np.uint64),
        starts=np.zeros(len(flat), np.uint32),
        stops=np.zeros(len(flat), np.uint32),
        characters=np.array([LENGTHS[token] for token in flat], np.uint32),
        kinds=np.array([ALPHABETIC | CHARACTER * (token == "漢") for token in flat], np.uint8),
    )


def size(gram):
    return sum(LENGTHS[token] for token in gram)


def slow_top(document, n):
    grams = [document[at : at + n] for at in range(len(document) - n + 1)]
    if not grams:
        return 0
    gram, times = Counter(grams).most_common(1)[0]
    spaces = sum(gram[at : at + 2] != "漢漢" for at in range(n - 1))
    return times * (size(gram) + spaces)


def slow_duplicate(document, n):
    seen, total, at = set(), 0, 0
    while at <= len(document) - n:
        gram = document[at : at + n]
        total += size(gram) if gram in seen else 0
        at += n if gram in seen else 1
        seen.add(gram)
    return total


@given(st.lists(st.text("abc漢", max_size=60), max_size=5))
@example(["a" * 60, "ab" * 30, "", "a", "ab", "abcab", "漢漢漢", "abc" * 20 + "ca" * 20])
def test_every_n_is_measured_as_by_the_obvious_loop(documents):
    found = repeated_ngrams(tokens_of(documents))
    for row, document in enumerate(documents):
        assert [found.top[n][row] for n in TOP] == [slow_top(document, n) for n in TOP]
        assert [found.duplicate[n][row] for n in DUPLICATE] == [slow_duplicate(document, n) for n in DUPLICATE]


def test_the_order_of_tokens_matters():
    found = repeated_ngrams(tokens_of(["abcacb", "aabbab"]))
    assert [found.top[2][row] for row in (0, 1)] == [slow_top("abcacb", 2), slow_top("aabbab", 2)]


@pytest.mark.parametrize("length", [1000, 100_000])
def test_a_long_document(length):
    document = "".join(np.random.default_rng(0).choice(list("abc漢"), length))
    found = repeated_ngrams(tokens_of([document]))
    assert found.top[4][0] == slow_top(document, 4)
    assert found.duplicate[10][0] == slow_duplicate(document, 10)
