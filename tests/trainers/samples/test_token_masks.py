import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.trainers.samples.token_masks import choose_uniform, corrupt, prediction_count


@pytest.mark.parametrize(("tokens", "cap", "count"), [(128, None, 19), (128, 20, 19), (512, 20, 20), (4, None, 1)])
def test_the_number_of_predictions_is_berts(tokens, cap, count):
    assert prediction_count(tokens, 0.15, cap) == count


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.integers(1, 20), st.integers(0, 2**32))
def test_only_allowed_positions_are_chosen_each_once(allowed, count, seed):
    allowed = np.array(allowed)
    chosen = choose_uniform(allowed, count, np.random.default_rng(seed))
    assert allowed[chosen].all()
    assert len(set(chosen.tolist())) == len(chosen) == min(count, allowed.sum())


def test_every_allowed_position_is_as_likely():
    rng, allowed, draws = np.random.default_rng(0), np.arange(10) % 5 > 0, 8000
    hits = sum(np.bincount(choose_uniform(allowed, 2, rng), minlength=10) for _ in range(draws))
    share, expected = hits[allowed] / draws, 2 / allowed.sum()
    assert np.abs(share - expected).max() < 5 * np.sqrt(expected * (1 - expected) / draws)


def test_eighty_ten_ten():
    vocabulary, mask, total = 50, 3, 100_000
    rng = np.random.default_rng(0)
    tokens = rng.integers(10, vocabulary, total)
    positions = np.arange(total)
    corrupted = corrupt(tokens, positions, rng, mask=mask, vocabulary=vocabulary)
    # A random token is the mask, or the token itself, once in `vocabulary` times.
    expected = {"mask": 0.8 + 0.1 / vocabulary, "kept": 0.1 + 0.1 / vocabulary}
    found = {"mask": (corrupted == mask).mean(), "kept": (corrupted == tokens).mean()}
    for name, share in expected.items():
        assert found[name] == pytest.approx(share, abs=5 * np.sqrt(share * (1 - share) / total))


def test_random_tokens_come_from_the_whole_vocabulary():
    tokens = np.full(20_000, 7)
    drawn = corrupt(tokens, np.arange(20_000), np.random.default_rng(0), mask=1, vocabulary=40, masked=0.0, random=1.0)
    counts = np.bincount(drawn, minlength=40)
    assert len(counts) == 40
    assert np.abs(counts / 20_000 - 1 / 40).max() < 5 * np.sqrt(1 / 40 / 20_000)


def test_other_positions_and_the_input_stay():
    tokens = np.arange(100)
    positions = np.array([3, 50])
    corrupted = corrupt(tokens, positions, np.random.default_rng(0), mask=999, vocabulary=5, masked=1.0)
    assert (tokens == np.arange(100)).all()
    assert set(np.flatnonzero(corrupted != tokens)) == {3, 50}
