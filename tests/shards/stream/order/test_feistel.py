import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headrace.shards.base.rng import hash64
from headrace.shards.stream.order import feistel

keys = st.integers(0, 2**64 - 1)


def permutation(size, key):
    return feistel.permute(np.arange(size), np.full(size, size), np.full(size, key, np.uint64))


def slow_hash(x, key):
    return int(hash64(np.array([x], dtype=np.uint64), key)[0])


def slow_permute(x, size, key):
    """The docstring of the module, one number at a time."""
    if size <= 16:
        return sorted(range(size), key=lambda i: (slow_hash(i, key), i))[x]
    a = math.isqrt(size - 1) + 1
    b = -(-size // a)
    while True:
        high, low = divmod(x, b)
        for r in range(8):
            if r % 2 == 0:
                high = (high + ((slow_hash(r * 2**32 + low, key) >> 32) * a >> 32)) % a
            else:
                low = (low + ((slow_hash(r * 2**32 + high, key) >> 32) * b >> 32)) % b
        x = high * b + low
        if x < size:
            return x


@given(st.integers(1, 3000), keys)
@example(1, 0)
@example(16, 3)
@example(17, 3)
def test_it_is_a_bijection(size, key):
    assert np.array_equal(np.sort(permutation(size, key)), np.arange(size))


@given(st.lists(st.tuples(st.integers(1, 2**50), st.integers(0, 2**50), keys), min_size=1, max_size=20))
@example([(2**50, 2**50 - 1, 1), (2**50 - 1, 0, 1), (2**48 + 1, 2**48, 1), (16, 15, 2)])
def test_each_element_has_its_own_domain_and_key(drawn):
    size = np.array([n for n, _, _ in drawn])
    x = np.array([x % n for n, x, _ in drawn])
    key = np.array([k for _, _, k in drawn], dtype=np.uint64)
    y = feistel.permute(x, size, key)
    assert y.tolist() == [slow_permute(x % n, n, k) for n, x, k in drawn]
    assert feistel.invert(y, size, key).tolist() == x.tolist()


def test_golden_values():
    assert permutation(10, 7).tolist() == [4, 2, 0, 9, 3, 8, 6, 5, 1, 7]
    assert permutation(20, 7).tolist() == [5, 17, 16, 10, 19, 3, 12, 0, 13, 2, 9, 4, 11, 6, 7, 18, 1, 14, 15, 8]
    assert permutation(10**6, 7)[:5].tolist() == [732647, 842310, 575355, 889553, 966439]


def adjacency(rounds, monkeypatch, size=1000, repetitions=1500):
    """How often neighbours stay neighbours, relative to a random permutation; its standard error is 0.018."""
    monkeypatch.setattr(feistel, "ROUNDS", rounds)
    keys = hash64(np.arange(repetitions), 9)
    x = np.tile(np.arange(size), repetitions)
    y = feistel.permute(x, np.full(x.size, size), np.repeat(keys, size)).reshape(repetitions, size)
    return (np.abs(np.diff(y, axis=1)) == 1).sum(axis=1).mean() / (2 * (size - 1) / size)


def test_neighbours_are_parted_as_a_random_permutation_parts_them(monkeypatch):
    assert adjacency(8, monkeypatch) == pytest.approx(1, abs=0.08)


def test_four_rounds_would_be_too_few(monkeypatch):
    assert adjacency(4, monkeypatch) > 1.3


@pytest.mark.parametrize("size", [3, 4])
def test_small_domains_reach_every_permutation_equally_often(size):
    draws = 24_000
    keys = hash64(np.arange(draws), 1)
    x = np.tile(np.arange(size), draws)
    y = feistel.permute(x, np.full(x.size, size), np.repeat(keys, size)).reshape(draws, size)
    _, counts = np.unique(y, axis=0, return_counts=True)
    cells = math.factorial(size)
    assert counts.size == cells
    chi_square = ((counts - draws / cells) ** 2 / (draws / cells)).sum()
    assert chi_square < cells - 1 + 5 * math.sqrt(2 * (cells - 1))


@pytest.mark.parametrize("size", [17, 100])
def test_places_are_reached_equally_often(size):
    draws = 4000
    keys = hash64(np.arange(draws), 2)
    x = np.tile(np.arange(size), draws)
    y = feistel.permute(x, np.full(x.size, size), np.repeat(keys, size))
    counts = np.bincount(x * size + y, minlength=size * size)
    chi_square = ((counts - draws / size) ** 2 / (draws / size)).sum()
    freedom = (size - 1) ** 2
    assert abs(chi_square - freedom) < 5 * math.sqrt(2 * freedom)
