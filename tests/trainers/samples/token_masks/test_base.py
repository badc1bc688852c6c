import numpy as np
import pytest

from headrace.trainers.samples.token_masks import Chosen, corrupt, prediction_count


def singles(count):
    return Chosen(np.arange(count), np.arange(count))


def within(share, expected, total):
    """Five standard deviations: of a test that is right, one run in a million fails."""
    return share == pytest.approx(expected, abs=5 * np.sqrt(expected * (1 - expected) / total))


@pytest.mark.parametrize(("tokens", "cap", "count"), [(128, None, 19), (128, 20, 19), (512, 20, 20), (4, None, 1)])
def test_the_number_of_predictions_is_berts(tokens, cap, count):
    assert prediction_count(tokens, 0.15, cap) == count


def test_eighty_ten_ten():
    vocabulary, mask, total = 50, 3, 100_000
    rng = np.random.default_rng(0)
    tokens = rng.integers(10, vocabulary, total)
    corrupted = corrupt(tokens, singles(total), rng, mask=mask, vocabulary=vocabulary)
    # A random token is the mask, or the token itself, once in `vocabulary` times.
    assert within((corrupted == mask).mean(), 0.8 + 0.1 / vocabulary, total)
    assert within((corrupted == tokens).mean(), 0.1 + 0.1 / vocabulary, total)


def test_a_unit_has_one_fate_and_random_tokens_of_their_own():
    rng, spans, size, vocabulary = np.random.default_rng(0), 20_000, 5, 1_000_000
    tokens = rng.integers(10, vocabulary, spans * size)
    chosen = Chosen(np.arange(spans * size), np.repeat(np.arange(spans), size))
    corrupted = corrupt(tokens, chosen, rng, mask=3, vocabulary=vocabulary).reshape(spans, size)
    masked, kept = corrupted == 3, corrupted == tokens.reshape(spans, size)
    assert (masked.all(1) | ~masked.any(1)).all()
    assert (kept.all(1) | ~kept.any(1)).all()
    random = ~masked[:, 0] & ~kept[:, 0]
    for found, expected in ((masked[:, 0], 0.8), (random, 0.1), (kept[:, 0], 0.1)):
        assert within(found.mean(), expected, spans)
    assert all(len(set(row)) == size for row in corrupted[random].tolist())


def test_random_tokens_come_from_the_whole_vocabulary():
    tokens = np.full(20_000, 7)
    drawn = corrupt(tokens, singles(20_000), np.random.default_rng(0), mask=1, vocabulary=40, masked=0.0, random=1.0)
    counts = np.bincount(drawn, minlength=40)
    assert len(counts) == 40
    assert np.abs(counts / 20_000 - 1 / 40).max() < 5 * np.sqrt(1 / 40 / 20_000)


def test_other_positions_and_the_input_stay():
    tokens = np.arange(100)
    chosen = Chosen(np.array([3, 50]), np.array([0, 1]))
    corrupted = corrupt(tokens, chosen, np.random.default_rng(0), mask=999, vocabulary=5, masked=1.0)
    assert (tokens == np.arange(100)).all()
    assert set(np.flatnonzero(corrupted != tokens)) == {3, 50}


def test_nothing_chosen_changes_nothing():
    none = np.zeros(0, np.int64)
    assert (
        corrupt(np.arange(9), Chosen(none, none), np.random.default_rng(0), mask=1, vocabulary=9) == np.arange(9)
    ).all()
