import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headrace.shards.base.errors import UsageError
from headrace.shards.stream import Stream
from headrace.shards.stream.batch import Rank, batch_positions
from headrace.shards.stream.lane_readers import lane_readers
from headrace.shards.stream.plan import plan


@given(st.integers(1, 60), st.integers(1, 24), st.integers(1, 6))
@example(2, 1, 4)
def test_lanes_are_read_by_the_nodes_whose_rows_they_fill(batch_size, lanes, nodes):
    expected = np.zeros((nodes, lanes), dtype=bool)
    for step in range(2 * lanes):
        positions = batch_positions(step * batch_size, batch_size, lanes)
        for node in range(nodes):
            expected[node, positions[Rank(node, nodes).rows(batch_size)] % lanes] = True
    assert np.array_equal(lane_readers(batch_size, lanes, nodes), expected)


@settings(max_examples=40)
@given(st.integers(1, 4), st.integers(1, 3), st.integers(4, 24), st.integers(1, 12), st.integers(1, 20))
def test_loads_are_what_an_epoch_of_reading_meets(images, nodes, ranks, rows, lanes, block):
    batch_size = max(rows, nodes * ranks)
    stream = Stream(images, lanes=lanes, block=block)
    found = plan(stream, nodes * ranks, batch_size, ranks)
    size = [shard.bytes for shard in stream.manifest.shards]
    readers = lane_readers(batch_size, lanes, nodes)
    for node, load in enumerate(found.nodes):
        mine = [g for g in range(stream.samples) if readers[node, g % lanes]]
        places = stream.order.locate(np.array(mine, dtype=np.int64))
        assert load.shards == len(set(places.shard.tolist()))
        assert load.epoch_bytes == sum(size[shard] for shard in set(places.shard.tolist()))
        assert load.working_set_bytes == peak(stream, np.flatnonzero(readers[node]), size)
    reads = sum(load.shards for load in found.nodes)
    assert found.reads_per_shard == reads / np.count_nonzero(stream.order.sizes)


def peak(stream, lanes, size):
    """The largest sum of the different shards under the current blocks of some lanes, offset by offset."""
    lane, base, end = (each.tolist() for each in stream.order.blocks(0))
    sums = [0]
    for offset in range(stream.samples):
        needed = set()
        for number in range(len(lane)):
            if lane[number] in lanes and base[number] <= offset < end[number]:
                reached = np.arange(lane[number], stream.samples, stream.order.lanes)[base[number] : end[number]]
                needed |= set(stream.order.locate(reached).shard.tolist())
        sums.append(sum(size[shard] for shard in needed))
    return max(sums)


def test_a_node_never_needs_more_than_all_shards(images):
    stream = Stream(images, lanes=20)
    (load,) = plan(stream, 1, 20).nodes
    assert load.epoch_bytes == sum(shard.bytes for shard in stream.manifest.shards if shard.samples)
    assert load.working_set_bytes <= load.epoch_bytes


def test_a_batch_that_the_lanes_divide_shares_only_lanes_on_boundaries(images):
    stream = Stream(images, lanes=8)
    assert plan(stream, 4, 32, 1).warnings == ()
    assert lane_readers(32, 8, 4).sum(axis=0).max() == 1
    assert lane_readers(32, 8, 3).sum(axis=0).max() == 2


def test_costly_numbers_are_warned_of(images):
    lanes, ranks = plan(Stream(images, lanes=8), 3, 20, 1).warnings
    assert "8 lanes do not divide a batch of 20" in lanes
    assert "with a batch of 24" in lanes
    assert "3 ranks do not divide a batch of 20" in ranks
    assert plan(Stream(images, lanes=8), 1, 20).warnings == ()
    (shared,) = plan(Stream(images, lanes=2), 3, 12, 1).warnings
    assert "3 nodes share 2 lanes, so that 2.00 of them read a lane" in shared
    (few,) = plan(Stream(images, lanes=100), 1, 100).warnings
    assert "100 lanes share 74 samples" in few


@pytest.mark.parametrize(("world_size", "batch_size", "ranks"), [(6, 64, 4), (4, 3, 2), (0, 4, 1), (4, 64, 0)])
def test_impossible_worlds_are_refused(images, world_size, batch_size, ranks):
    with pytest.raises(UsageError):
        plan(Stream(images), world_size, batch_size, ranks)
