from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headrace.shards.base.errors import UsageError
from headrace.shards.format.manifest import Manifest
from headrace.shards.format.shard_list import ShardInfo, Shards
from headrace.shards.stream import Stream
from headrace.shards.stream.order.batch import Rank, batch_positions
from headrace.shards.stream.order.lane_readers import lane_readers
from headrace.shards.stream.parts import Part
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


def test_the_plan_of_a_mixture_is_that_of_its_sources(tmp_path):
    """Every node reads of each source the shards of its lanes: simulated by walking an epoch of each source."""
    stream = wide_mixture(tmp_path, shards=40)
    for nodes in (1, 3, 8):
        found = plan(stream, nodes, 64, 1)
        readers = lane_readers(64, stream.order.lanes, nodes)
        for node, load in enumerate(found.nodes):
            shards = set()
            for number, order in enumerate(stream.order.orders):
                mine = np.flatnonzero(readers[node, np.arange(order.total) % order.lanes])
                shards |= {(number, shard) for shard in order.locate(mine).shard.tolist()}
            assert load.shards == len(shards)
            assert load.epoch_bytes == sum(1000 * (number + 1) for number, _ in shards)
            assert 0 < load.working_set_bytes <= load.epoch_bytes
        reads = sum(load.shards for load in found.nodes)
        assert found.reads_per_shard == reads / 120


def test_a_node_holds_all_that_a_round_of_a_mixture_reads(tmp_path):
    stream = wide_mixture(tmp_path, shards=300)
    (whole,) = plan(stream, 1, 64, 1).nodes
    places = stream.order.locate(np.arange(stream.order.total))
    first = places.epoch == 0
    size = np.array([shard.bytes for shard in stream.shards])
    for begin in range(0, stream.order.total, 1000 * stream.order.lanes):
        needed = places.shard[begin : begin + 1000 * stream.order.lanes]
        needed = np.unique(needed[first[begin : begin + 1000 * stream.order.lanes]])
        assert size[needed].sum() <= whole.working_set_bytes


@pytest.mark.parametrize("nodes", [8, 64])
def test_a_shard_is_read_by_hardly_more_than_one_node(tmp_path, nodes):
    """Batches of a multiple of the lanes, simulated: the shards that the rows of each node lie in, rank by rank."""
    stream = wide_mixture(tmp_path, shards=2000)
    found = plan(stream, nodes, 256, 1)
    assert 1 <= found.reads_per_shard <= 1.05
    rows = [Rank(node, nodes).rows(256) for node in range(nodes)]
    # As long as it takes the largest source to be read once.
    steps = max(1000 * each.total // count for each, count in zip(stream.order.orders, (500, 300, 200), strict=True))
    positions = np.concatenate([batch_positions(256 * step, 256, 64) for step in range(-(-steps // 256))])
    places = stream.order.locate(positions)
    node = np.empty(256, np.int64)
    for number, mine in enumerate(rows):
        node[mine] = number
    reads = np.unique(np.stack((np.resize(node, positions.size), places.epoch, places.shard)), axis=1)
    for epoch_source in range(3):
        mine = reads[:, (reads[1] == 0) & (reads[2] // 2000 == epoch_source)]
        assert 1 <= mine.shape[1] / 2000 <= 1.05


@settings(max_examples=30)
@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=200).filter(any), st.sampled_from([1, 2, 4, 8]), st.integers(1, 4)
)
def test_each_boundary_between_nodes_costs_one_read_at_most(sizes, nodes, rows):
    with TemporaryDirectory() as folder:
        infos = (ShardInfo(f"{number}.tar", samples, 1, "0" * 64, "0" * 64) for number, samples in enumerate(sizes))
        Manifest(kind="samples", name="ragged", shards=Shards.of(infos)).save(folder)
        stream = Stream(folder, lanes=8)
    held = np.count_nonzero(sizes)
    assert round(plan(stream, nodes, 8 * rows, 1).reads_per_shard * held) <= held + nodes - 1


def wide_mixture(folder, shards, samples=20, lanes=64):
    """A mixture of three sources of small shards that are nowhere: only manifests are read."""
    parts = []
    for number, weight in enumerate((500, 300, 200)):
        name = f"source {number}"
        infos = tuple(
            ShardInfo(f"{shard:05d}.tar", samples + 5 * number, 1000 * (number + 1), "0" * 64, "0" * 64)
            for shard in range(shards)
        )
        (folder / name).mkdir()
        Manifest(kind="samples", name=name, shards=infos).save(folder / name)
        parts.append(Part(str(folder / name), weight))
    return Stream(parts, seed=2, lanes=lanes)


@pytest.mark.parametrize("nodes", [1, 4])
def test_a_cache_of_the_working_set_reads_each_shard_once(tmp_path, nodes):
    """Simulated: a node's cache that evicts what is needed furthest in the future, over an epoch of each source."""
    stream = wide_mixture(tmp_path, shards=150, samples=400, lanes=8)
    size = np.array([shard.bytes for shard in stream.shards])
    steps = stream.samples // 256 + 200
    places = stream.order.locate(np.concatenate([batch_positions(256 * step, 256, 8) for step in range(steps)]))
    for load in plan(stream, nodes, 256, 1).nodes:
        rows = Rank(load.node, nodes).rows(256)
        shard, first = (column.reshape(steps, 256)[:, rows] for column in (places.shard, places.epoch == 0))
        needed = [np.unique(shard[step][first[step]]).tolist() for step in range(steps)]
        assert load.working_set_bytes < load.epoch_bytes / 2
        assert reads(needed, size, load.working_set_bytes) == len(set().union(*needed)) <= load.shards
        assert reads(needed, size, load.working_set_bytes // 3) > load.shards


def reads(needed, size, limit):
    """How many shards a cache fetches in all, given those that are needed at each step."""
    uses = {}
    for step, shards in enumerate(needed):
        for shard in shards:
            uses.setdefault(shard, []).append(step)
    cache, fetched = set(), 0
    for shards in needed:
        for shard in shards:
            uses[shard].pop(0)
        fetched += len(set(shards) - cache)
        cache |= set(shards)
        while size[list(cache)].sum() > limit:
            cache.remove(max(cache, key=lambda shard: uses[shard][0] if uses[shard] else len(needed)))
    return fetched
