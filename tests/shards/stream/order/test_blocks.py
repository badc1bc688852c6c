import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.stream.order.blocks import block_of, default_block, epoch_blocks, first_blocks


def slow_blocks(length, first, block):
    """(number, base, size) of the block of each offset."""
    found, base, number, limit = [], 0, 0, first
    while base < length:
        end = min(base + limit, length)
        found += [(number, base, end - base)] * (end - base)
        base, number, limit = end, number + 1, block
    return found


@given(st.integers(1, 60), st.integers(0, 60), st.integers(1, 300))
def test_a_lane_is_cut_into_blocks(block, first, length):
    first = min(first, block - 1)
    offset = np.arange(length)
    number, base, size = block_of(offset, np.full(length, first), np.full(length, length), block)
    assert list(zip(number.tolist(), base.tolist(), size.tolist(), strict=True)) == slow_blocks(length, first, block)


@given(st.integers(1, 60), st.lists(st.tuples(st.integers(0, 300), st.integers(0, 59)), min_size=1, max_size=6))
def test_all_blocks_of_an_epoch_are_listed(block, lanes):
    length = np.array([n for n, _ in lanes])
    first = np.array([min(f, block - 1) for _, f in lanes])
    lane, base, end = epoch_blocks(length, first, block)
    expected = [
        (number, b, b + size)
        for number, (n, f) in enumerate(zip(length.tolist(), first.tolist(), strict=True))
        for _, b, size in sorted(set(slow_blocks(n, f, block)))
    ]
    assert list(zip(lane.tolist(), base.tolist(), end.tolist(), strict=True)) == expected


@given(st.integers(1, 2**50), st.integers(1, 300))
def test_first_blocks_are_shorter_than_a_block(block, lanes):
    first = first_blocks(block, lanes)
    assert first[0] == 0
    assert ((first >= 0) & (first < block)).all()


def test_first_blocks_are_spread_evenly():
    parts = np.sort(first_blocks(10**9, 64)) / 1e9
    assert np.diff(parts, append=1).max() < 2.7 / 64


def test_golden_values():
    assert first_blocks(1000, 6).tolist() == [0, 618, 236, 854, 472, 90]
    assert [default_block(10, 3), default_block(9, 3), default_block(1, 1)] == [16, 12, 4]
