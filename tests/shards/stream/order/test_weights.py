from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.base.errors import UsageError
from headrace.shards.stream.order.weights import counts_of, distortions

weights = st.lists(st.floats(1e-9, 1e9) | st.integers(1, 10**9), min_size=1, max_size=40)


@given(weights)
def test_every_source_has_its_share_and_at_least_one(given_weights):
    counts = counts_of(given_weights)
    total = sum(map(Fraction, given_weights))
    assert sum(counts) == 1000
    assert min(counts) >= 1
    raised = sum(1000 * Fraction(weight) < total for weight in given_weights)
    for count, weight in zip(counts, given_weights, strict=True):
        quota = 1000 * Fraction(weight) / total
        # Who is raised to 1 is paid for by others.
        assert count == 1 or -1 - raised < count - quota < 1


@given(weights, st.sampled_from([2, 0.5, 1024]))
def test_only_ratios_matter(given_weights, factor):
    assert counts_of([weight * factor for weight in given_weights]) == counts_of(given_weights)


@given(weights)
def test_a_heavier_source_has_no_smaller_count(given_weights):
    ranked = [count for _, count in sorted(zip(given_weights, counts_of(given_weights), strict=True))]
    assert all(later >= earlier - 1 for earlier, later in pairwise(ranked))


@pytest.mark.parametrize(
    ("given_weights", "counts"),
    [
        ([5], (1000,)),
        ([0.7, 0.2, 0.1], (700, 200, 100)),
        ([1, 1, 1], (334, 333, 333)),
        ([1e9, 1, 1], (998, 1, 1)),
        ([1999, 1], (999, 1)),
        ([3, 3, 3, 1e-9], (333, 333, 333, 1)),
        ([1] * 1000, (1,) * 1000),
    ],
)
def test_golden_counts(given_weights, counts):
    assert counts_of(given_weights) == counts


@pytest.mark.parametrize("given_weights", [[], [1] * 1001, [0, 1], [-1, 2], [float("nan")], [float("inf"), 1]])
def test_what_is_no_mixture_is_refused(given_weights):
    with pytest.raises(UsageError):
        counts_of(given_weights)


def test_sources_that_rounding_distorts_are_named():
    assert distortions(["a", "b"], [0.7, 0.3]) == ()
    (told,) = distortions(["web", "rare"], [10_000, 3])
    assert told.startswith("'rare' has a share of 0.3 in 1,000 by its weight, and gets 1")
