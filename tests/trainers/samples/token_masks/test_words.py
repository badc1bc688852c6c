"""Words, the mask of whole words and that of spans, beside slow ones that go from token to token."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from headrace.trainers.samples.token_masks import SpanMask, Window, WordMask
from headrace.trainers.samples.token_masks.words import words_of

ALONE = 3


@st.composite
def windows(draw):
    length = draw(st.integers(1, 50))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    pieces = rng.choice([0, 1, 2, ALONE], length, p=draw(st.sampled_from([(0.5, 0.5, 0, 0), (0.4, 0.3, 0.2, 0.1)])))
    document = np.cumsum(rng.random(length) < draw(st.sampled_from([0, 0.1])))
    return Window(rng.random(length) < draw(st.sampled_from([0.7, 1])), document, pieces.astype(np.uint8))


def slow_words(window):
    """Each word as the list of its positions."""
    words = []
    for at in range(len(window.plain)):
        if not window.plain[at]:
            continue
        goes_on = (
            at > 0
            and window.plain[at - 1]
            and window.document[at] == window.document[at - 1]
            and not window.pieces[at] & 1
            and not window.pieces[at - 1] & 2
        )
        if goes_on:
            words[-1].append(at)
        else:
            words.append([at])
    return words


@given(windows())
def test_words_are_those_of_a_slow_reading(window):
    slow, words = slow_words(window), words_of(window)
    assert words.sizes.tolist() == [len(word) for word in slow]
    assert [words.of_token[at] for word in slow for at in word] == [
        number for number, word in enumerate(slow) for _ in word
    ]
    beside = [
        window.plain[one[-1] : other[0] + 1].all() and window.document[one[-1]] == window.document[other[0]]
        for one, other in pairwise(slow)
    ]
    assert (np.diff(words.runs) == 0).tolist() == beside


@given(windows(), st.integers(1, 12), st.integers(0, 2**32))
def test_words_are_chosen_as_by_bert(window, count, seed):
    # create_masked_lm_predictions: shuffled words, until there are enough tokens, without those that would be too many.
    slow, taken = slow_words(window), []
    for number in np.random.default_rng(seed).permutation(len(slow)):
        if len(taken) >= count:
            break
        if len(taken) + len(slow[number]) <= count:
            taken += slow[number]
    positions, units = WordMask().choose(window, count, np.random.default_rng(seed))
    assert positions.tolist() == sorted(taken)
    assert units.tolist() == [*range(len(taken))]


@given(windows(), st.integers(1, 12), st.integers(0, 2**32))
def test_spans_are_whole_words_side_by_side_in_one_document(window, count, seed):
    positions, units = SpanMask().choose(window, count, np.random.default_rng(seed))
    assert len(positions) <= count
    assert (np.diff(positions) > 0).all()
    assert window.plain[positions].all()
    by_unit = [positions[units == unit] for unit in range(units.max(initial=-1) + 1)]
    words = {tuple(word): number for number, word in enumerate(slow_words(window))}
    for span in by_unit:
        assert (span == np.arange(span[0], span[-1] + 1)).all()
        assert len(set(window.document[span])) == 1
        inside = [word for word in words if span[0] <= word[0] <= span[-1]]
        assert sorted(at for word in inside for at in word) == span.tolist()
        assert len(inside) <= 10
    # Nothing that would still fit is left: each word is a start that is tried.
    left = [word for word in words if not set(word) & set(positions.tolist())]
    assert all(len(word) > count - len(positions) for word in left)


def one_document(pieces):
    pieces = np.asarray(pieces, np.uint8)
    return Window(np.ones(len(pieces), np.bool_), np.zeros(len(pieces), np.int64), pieces)


@pytest.mark.parametrize("mask", [WordMask(), SpanMask()])
def test_where_single_tokens_are_left_the_budget_is_exact(mask):
    rng = np.random.default_rng(0)
    window = one_document(rng.choice([0, 1], 128))
    for _ in range(200):
        assert len(mask.choose(window, 19, rng).positions) == 19


def test_a_word_longer_than_the_budget_is_never_chosen():
    window = one_document([1, 0, 0, 0, 0, 1, 1, 0])
    for mask in (WordMask(), SpanMask()):
        rng = np.random.default_rng(0)
        found = {at for _ in range(100) for at in mask.choose(window, 3, rng).positions.tolist()}
        assert found == {5, 6, 7}


def test_every_word_is_as_likely_where_all_are_alike():
    rng, draws, window = np.random.default_rng(0), 8000, one_document([1, 0] * 10)
    hits = sum(np.bincount(WordMask().choose(window, 4, rng).positions, minlength=20) for _ in range(draws))
    assert stats.chisquare(hits[::2], np.full(10, 2 * draws / 10)).pvalue > 1e-4


def geometric(p=0.2, longest=10):
    share = p * (1 - p) ** np.arange(longest)
    return share / share.sum()


def test_lengths_of_spans_are_geometric_up_to_the_longest_and_3_8_in_the_mean():
    lengths = SpanMask().lengths(200_000, np.random.default_rng(0))
    assert stats.chisquare(np.bincount(lengths, minlength=11)[1:], 200_000 * geometric()).pvalue > 1e-4
    assert lengths.mean() == pytest.approx(3.797, abs=5 * lengths.std() / np.sqrt(200_000))


def test_spans_have_these_lengths_where_nothing_cuts_them_short():
    # The first span in a window of 2,000 words: only 9 of its starts are near the end. A budget of 10 cuts none.
    rng, window, lengths = np.random.default_rng(0), one_document(np.ones(2000)), []
    for _ in range(2000):
        units = SpanMask().choose(window, 10, rng).units
        lengths.append(np.sum(units == 0))
    assert stats.chisquare(np.bincount(lengths, minlength=11)[1:], 2000 * geometric()).pvalue > 1e-4


def test_spans_begin_anywhere_with_the_same_probability():
    rng, window = np.random.default_rng(0), one_document(np.ones(20))
    starts = [SpanMask(longest=1).choose(window, 1, rng).positions[0] for _ in range(8000)]
    assert stats.chisquare(np.bincount(starts, minlength=20)).pvalue > 1e-4
