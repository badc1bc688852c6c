import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.stream.delivery.digest import digest, marks, minus, plus

GOLDEN = ["5bad5c46eaaf5b10", "8e4263cf40bba3a4", "0b7d418d315c1fa1"]
SUM = "94bb666d61eed504"

pairs = st.lists(st.tuples(st.integers(0, 2**40), st.integers(0, 2**40)), max_size=30, unique=True)


def of(samples):
    positions, ids = (np.array(column, np.int64) for column in zip(*samples, strict=True)) if samples else ([], [])
    return digest(np.asarray(positions, np.int64), np.asarray(ids, np.int64))


def test_golden_values():
    """Whoever implements the formula in another language must get these."""
    found = marks(np.array([0, 1, 2**40]), np.array([0, 7, 123456789]))
    assert [f"{each:016x}" for each in found.tolist()] == GOLDEN
    assert f"{digest(np.arange(1000), np.arange(1000)[::-1]):016x}" == SUM


@given(pairs, st.integers(0, 30), st.randoms())
def test_any_division_has_the_same_sum(samples, cut, draw):
    shuffled = draw.sample(samples, len(samples))
    assert of(shuffled) == of(samples) == plus(of(samples[:cut]), of(samples[cut:]))
    assert minus(of(samples), of(samples[:cut])) == of(samples[cut:])


@given(pairs, st.data())
def test_whatever_is_wrong_changes_it(samples, data):
    if not samples:
        return
    number = data.draw(st.integers(0, len(samples) - 1))
    position, sample = samples[number]
    rest = samples[:number] + samples[number + 1 :]
    whole = of(samples)
    assert of(rest) != whole
    assert of([*samples, samples[number]]) != whole
    assert of([*rest, (position + 1, sample)]) != whole
    assert of([*rest, (position, sample + 1)]) != whole
