"""Which record goes into which shard, and in which order."""

from itertools import accumulate, pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from headrace.pipeline.assembly.shards import Slice, cut_shards

counts = st.lists(st.integers(0, 30), min_size=1, max_size=8)


def rows_of(shard, firsts):
    return [
        row for part in shard for row in range(firsts[part.partition] + part.start, firsts[part.partition] + part.stop)
    ]


@given(counts, st.integers(0, 10_000), st.integers(1, 500))
@example([0], 0, 1)
@example([0, 3, 0, 0, 2], 5, 1)
def test_shards_take_every_row_once_in_order_and_are_equally_large(counts, total_bytes, shard_bytes):
    shards = cut_shards(counts, total_bytes, shard_bytes)
    firsts = [0, *accumulate(counts)]
    taken = [rows_of(shard, firsts) for shard in shards]
    assert [row for rows in taken for row in rows] == list(range(sum(counts)))
    assert len(shards) == min(max(1, -(-total_bytes // shard_bytes)), sum(counts))
    assert max(map(len, taken), default=0) - min(map(len, taken), default=0) <= 1
    assert all(part.start < part.stop <= counts[part.partition] for shard in shards for part in shard)


@given(counts, counts, st.integers(0, 10_000), st.integers(1, 500))
def test_the_cut_does_not_depend_on_the_key_ranges(counts, weights, total_bytes, shard_bytes):
    total, parts = sum(counts), sum(weights) + 1
    bounds = [total * done // parts for done in accumulate(weights, initial=0)] + [total]
    others = [b - a for a, b in pairwise(bounds)]
    cuts = [(cut_shards(each, total_bytes, shard_bytes), [0, *accumulate(each)]) for each in (counts, others)]
    first, second = ([rows_of(shard, firsts) for shard in shards] for shards, firsts in cuts)
    assert first == second


def test_a_cut_by_hand():
    assert cut_shards([4, 0, 3], 10, 4) == [
        (Slice(0, 0, 2),),
        (Slice(0, 2, 4),),
        (Slice(2, 0, 3),),
    ]
