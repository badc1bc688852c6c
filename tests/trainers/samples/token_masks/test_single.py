import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headrace.trainers.samples.token_masks import SingleMask, Window


def chosen(allowed, count, rng):
    return SingleMask().choose(Window(allowed, np.zeros(len(allowed), np.int64)), count, rng)


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.integers(1, 20), st.integers(0, 2**32))
def test_only_allowed_positions_are_chosen_each_once_and_by_itself(allowed, count, seed):
    allowed = np.array(allowed)
    positions, units = chosen(allowed, count, np.random.default_rng(seed))
    assert allowed[positions].all()
    assert (np.diff(positions) > 0).all()
    assert len(positions) == min(count, allowed.sum())
    assert units.tolist() == [*range(len(positions))]


def test_every_allowed_position_is_as_likely():
    rng, allowed, draws = np.random.default_rng(0), np.arange(10) % 5 > 0, 8000
    hits = sum(np.bincount(chosen(allowed, 2, rng).positions, minlength=10) for _ in range(draws))
    share, expected = hits[allowed] / draws, 2 / allowed.sum()
    assert np.abs(share - expected).max() < 5 * np.sqrt(expected * (1 - expected) / draws)
