"""Components against union and find."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.dedup.minhash.components import in_memory, stars

links = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)).filter(lambda pair: pair[0] != pair[1]), max_size=60)


def slow_components(pairs):
    """(member, least member) of every member but the least ones, sorted."""
    parent = {}

    def root(each):
        while parent.setdefault(each, each) != each:
            each = parent[each]
        return each

    for a, b in pairs:
        low, high = sorted((root(a), root(b)))
        parent[high] = low
    return sorted((each, root(each)) for each in parent if root(each) != each)


def found_by(pairs, folder, room, pieces=3):
    chunks = np.array_split(np.array(pairs, np.uint64).reshape(-1, 2), pieces)
    found = [tuple(row) for chunk in stars(chunks, folder, room) for row in chunk.tolist()]
    assert not list(folder.iterdir())
    return found


@given(links, st.integers(1, 70))
def test_any_graph_in_any_room(tmp_path_factory, pairs, room):
    assert found_by(pairs, tmp_path_factory.mktemp("links"), room) == slow_components(pairs)


def path(n):
    return [(i, i + 1) for i in range(n)]


def shuffled_path(n):
    names = np.random.default_rng(n).permutation(n + 1).tolist()
    return [(names[a], names[b]) for a, b in path(n)]


@pytest.mark.parametrize(
    "pairs",
    [path(3000), shuffled_path(3000), [(0, i) for i in range(1, 3000)], [(i, 5000) for i in range(3000)]],
    ids=["path", "shuffled path", "star of the least", "star of the greatest"],
)
def test_shapes_that_are_hard_for_propagation(tmp_path, pairs):
    assert found_by(pairs, tmp_path, 500) == slow_components(pairs)


def test_in_memory_and_on_disk_are_the_same(tmp_path):
    drawn = np.random.default_rng(3).integers(0, 4000, (3000, 2), np.uint64)
    drawn = drawn[drawn[:, 0] != drawn[:, 1]]
    on_disk = np.concatenate(list(stars([drawn], tmp_path, 1000)))
    np.testing.assert_array_equal(on_disk, in_memory(drawn))
    assert len(on_disk) > 1000
