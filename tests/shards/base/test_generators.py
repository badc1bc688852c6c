import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.base.generators import Generators
from headrace.shards.base.rng import generator

part = st.one_of(st.text(max_size=4), st.binary(max_size=4), st.integers(-(2**70), 2**70))
parts = st.lists(st.lists(part, max_size=3).map(tuple), max_size=6)
blocks = st.integers(0, 9).map(lambda number: 4 * number)


@given(parts, st.lists(blocks, max_size=3))
def test_all_draw_what_each_alone_would(parts, draws):
    together, alone = Generators.of(parts), [generator(*each) for each in parts]
    assert len(together) == len(parts)
    for numbers in draws:
        drawn = together.random(numbers)
        assert drawn.dtype == np.float64
        assert drawn.shape == (len(parts), numbers)
        for row, rng in zip(drawn, alone, strict=True):
            assert row.tolist() == rng.random(numbers).tolist()
    for place, rng in enumerate(alone):
        assert together[place].integers(2**63, size=5).tolist() == rng.integers(2**63, size=5).tolist()


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**40), blocks)
def test_any_key_and_any_place_give_numpys_numbers(low, high, place, numbers):
    key = np.array([[low, high]], np.uint64)
    philox = np.random.Philox(key=key[0])
    philox.advance(place)
    assert Generators(key, place).random(numbers).tolist() == [np.random.Generator(philox).random(numbers).tolist()]


def test_parts_that_share_a_beginning_with_others_keep_apart():
    parts = [("a", 1, 2), ("a", 1, 3), ("a", 12), ("a", 1, 2), ("b", 1, 2), (), ("a",)]
    drawn = Generators.of(parts).random(4)
    assert len(np.unique(drawn, axis=0)) == len(set(parts))
    assert (drawn[0] == drawn[3]).all()


def test_a_part_of_them_goes_on_alone_from_where_all_were():
    parts = [("a", number) for number in range(5)]
    whole, reference = Generators.of(parts), Generators.of(parts)
    whole.random(8), reference.random(8)
    some = whole[1:4]
    assert len(some) == 3
    assert (some.random(4) == reference.random(4)[1:4]).all()
    assert len(np.unique([whole[0].random(), whole[0].random()])) == 1
    assert whole[-1].random() == whole.random(4)[-1, 0]


@pytest.mark.parametrize("numbers", [1, 6, -4])
def test_half_a_block_is_refused(numbers):
    with pytest.raises(ValueError, match=f"multiple of them, not for {numbers}"):
        Generators.of([("a",)]).random(numbers)


def test_a_part_that_is_no_part_is_refused():
    with pytest.raises(TypeError, match=r"not float: 0\.5"):
        Generators.of([("a", 0.5)])  # type: ignore[list-item]
