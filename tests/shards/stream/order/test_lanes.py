import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.stream.order.lanes import epoch_pieces, lane_edges, lane_prefix, shard_sequence

ragged = st.lists(st.integers(0, 40), min_size=1, max_size=12).filter(any).map(lambda sizes: np.array(sizes))


@given(st.integers(0, 500), st.integers(1, 40))
def test_prefix_counts_the_positions_of_the_lanes_below(x, lanes):
    counted = [sum(g % lanes < lane for g in range(x)) for lane in range(lanes + 1)]
    assert lane_prefix(x, lanes).tolist() == counted


@given(st.integers(0, 5), st.integers(1, 200), st.integers(1, 40))
def test_edges_count_the_positions_of_the_epoch(epoch, total, lanes):
    positions = range(epoch * total, (epoch + 1) * total)
    counted = [sum(g % lanes < lane for g in positions) for lane in range(lanes + 1)]
    assert lane_edges(epoch, total, lanes).tolist() == counted


@given(st.integers(0, 10**6), st.integers(1, 10**9), st.integers(1, 200))
def test_edges_hardly_move_from_epoch_to_epoch(epoch, total, lanes):
    first, later = lane_edges(0, total, lanes), lane_edges(epoch, total, lanes)
    assert np.abs(later - first).max() <= lanes / 2
    assert np.abs(np.diff(later) - np.diff(first)).max() <= 1


def test_edges_are_exact_far_out():
    total, lanes, epoch = 10**9 + 7, 64, 10**9
    exact = [
        ((epoch + 1) * total // lanes) * lane
        + min((epoch + 1) * total % lanes, lane)
        - (epoch * total // lanes) * lane
        - min(epoch * total % lanes, lane)
        for lane in range(lanes + 1)
    ]
    assert lane_edges(epoch, total, lanes).tolist() == exact


@given(ragged, st.integers(0, 2**64 - 1))
def test_the_sequence_holds_every_shard_with_samples_once(sizes, key):
    sequence = shard_sequence(sizes, key)
    assert sorted(sequence.shard.tolist()) == np.flatnonzero(sizes).tolist()
    assert np.diff(sequence.start).tolist() == sizes[sequence.shard].tolist()
    assert sequence.total == sizes.sum()


@given(ragged, st.integers(0, 3), st.integers(1, 40), st.integers(0, 2**64 - 1))
def test_pieces_hold_every_row_once_and_stay_in_their_lanes(sizes, epoch, lanes, key):
    sequence = shard_sequence(sizes, 5)
    pieces = epoch_pieces(sequence, epoch, lanes, key)
    rows = [
        (shard, row + i)
        for shard, row, size in zip(pieces.shard, pieces.row, np.diff(pieces.start), strict=True)
        for i in range(size)
    ]
    assert sorted(rows) == [(shard, row) for shard, size in enumerate(sizes) for row in range(size)]
    laid = [(shard, row) for shard in sequence.shard for row in range(sizes[shard])]
    for first, last in zip(pieces.edge[:-1], pieces.edge[1:], strict=True):
        assert sorted(rows[first:last]) == sorted(laid[first:last])


def test_pieces_are_sorted_anew_each_epoch():
    sequence = shard_sequence(np.full(64, 4), 1)
    assert epoch_pieces(sequence, 0, 2, 7).shard.tolist() != epoch_pieces(sequence, 0, 2, 8).shard.tolist()
