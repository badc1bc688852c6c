"""The solved bands against the closed form, every other scheme, and drawn pairs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.dedup.minhash.scheme import MIN_BANDS, missed, needless, solve
from headrace.pipeline.kernels.minhash import band_hashes, sign
from headrace.pipeline.kernels.shingles import Shingles


@given(st.floats(0.05, 0.99), st.floats(0.001, 0.5), st.integers(2, 60))
def test_no_scheme_within_the_budget_compares_less(similarity, max_missed, permutations):
    every = [
        (bands, rows)
        for rows in range(1, permutations // MIN_BANDS + 1)
        for bands in range(MIN_BANDS, permutations // rows + 1)
        if (1 - similarity**rows) ** bands <= max_missed
    ]
    if not every:
        with pytest.raises(ValueError, match=f"{permutations} permutations miss at least"):
            solve(similarity, max_missed, permutations)
        return
    bands, rows = solve(similarity, max_missed, permutations)
    assert (bands, rows) in every
    assert needless(similarity, bands, rows) == pytest.approx(min(needless(similarity, *each) for each in every))


def test_known_schemes():
    assert solve(0.8, 0.02, 128) == (17, 7)
    assert solve(0.8, 0.08, 112) == (14, 8)  # FineWeb's
    assert solve(0.999, 0.02, 128) == (2, 64)


def test_a_budget_that_is_too_small_is_told_with_its_numbers():
    with pytest.raises(
        ValueError, match=r"4 permutations miss at least 6.25% .* similarity of 0.5, and 1.00% .* takes 7"
    ):
        solve(0.5, 0.01, 4)
    assert solve(0.5, 0.01, 7) == (7, 1)


@pytest.mark.parametrize(("similarity", "bands", "rows"), [(0.5, 4, 2), (1.0, 2, 3), (0.3, 2, 1)])
def test_the_needless_are_the_integral(similarity, bands, rows):
    places = np.linspace(0, similarity, 200_001)
    expected = np.trapezoid(1 - (1 - places**rows) ** bands, places)
    assert needless(similarity, bands, rows) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("similarity", [0.5, 0.8, 0.9])
def test_drawn_pairs_are_missed_as_often_as_the_closed_form_says(similarity):
    bands, rows = solve(similarity, 0.05, 128)
    pairs, size = 4000, 180
    common = round(2 * size * similarity / (1 + similarity))  # of two sets of `size`, so that they are that similar
    exact = common / (2 * size - common)
    drawn = np.random.default_rng(5).integers(0, 2**64, (pairs, 2 * size - common), np.uint64)
    left = np.ascontiguousarray(drawn[:, :size]).ravel()
    right = np.ascontiguousarray(drawn[:, -size:]).ravel()
    offsets = np.arange(pairs + 1) * size
    one, other = (band_hashes(sign(Shingles(offsets, flat), bands * rows), bands, rows) for flat in (left, right))
    found = 1 - np.mean(np.any(one == other, axis=1))
    expected = missed(exact, bands, rows)
    assert abs(found - expected) < 4 * np.sqrt(expected / pairs)
