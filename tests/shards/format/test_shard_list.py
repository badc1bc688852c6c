"""The columns of shards are the sequence of them."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.format.shard_list import ShardInfo, Shards

digests = st.sampled_from(["a" * 64, "0" * 64, "0123456789abcdef" * 4])
counts = st.integers(0, 2**63 - 1)
infos = st.builds(ShardInfo, st.text(), counts, counts, digests, st.none() | digests, st.none() | counts)


@given(st.lists(infos))
def test_they_are_what_they_were_made_of(shards: list[ShardInfo]) -> None:
    columns = Shards.of(iter(shards))
    assert list(columns) == shards == [columns[number] for number in range(len(columns))]
    assert columns == Shards.of(shards) == pickle.loads(pickle.dumps(columns))
    assert list(columns[::-2]) == shards[::-2]
    assert columns.samples.tolist() == [shard.samples for shard in shards]
    if shards:
        assert columns[-1] == shards[-1]
        assert columns != Shards.of(shards[1:])


@given(infos, infos)
def test_one_difference_makes_them_different(one: ShardInfo, other: ShardInfo) -> None:
    assert (Shards.of([one]) == Shards.of([other])) == (one == other)


def test_there_are_no_more_than_there_are() -> None:
    shards = Shards.of([ShardInfo("a.tar", 1, 512, "0" * 64)])
    with pytest.raises(IndexError):
        shards[1]
    assert type(shards[0].samples) is int
    assert shards != (shards[0],)
    assert Shards.of(()).samples.dtype == np.int64
