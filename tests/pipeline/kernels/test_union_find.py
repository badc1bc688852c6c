import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headrace.pipeline.kernels.union_find import least_connected


def slowly(members, links):
    """Every member takes the least number among its neighbours', until none changes."""
    least = list(range(members))
    changed = True
    while changed:
        changed = False
        for first, other in links:
            both = min(least[first], least[other])
            changed |= (least[first], least[other]) != (both, both)
            least[first] = least[other] = both
    return least


@st.composite
def graphs(draw):
    members = draw(st.integers(1, 30))
    number = st.integers(0, members - 1)
    return members, draw(st.lists(st.tuples(number, number), max_size=40))


@given(graphs())
def test_components_are_those_found_slowly(graph):
    members, links = graph
    found = least_connected(members, np.array(links, np.int64).reshape(-1, 2))
    assert found.tolist() == slowly(members, links)


def test_a_long_chain_is_one_component():
    """From the end, so that trees grow as deep as they can."""
    numbers = np.arange(100_000)
    links = np.column_stack([numbers[1:], numbers[:-1]])
    for order in (links, links[::-1].copy()):
        assert not least_connected(len(numbers), order).any()


def test_nothing_is_connected_to_nothing():
    assert least_connected(0, np.empty((0, 2), np.int64)).tolist() == []
