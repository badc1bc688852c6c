import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.base.errors import StateError
from headrace.shards.stream.delivery.state import begin, restore

PRINT = {"manifest": "a" * 64, "order": 1, "seed": 7, "lanes": 64, "block": 512, "window": None}


def dumped(state):
    return state.model_dump(mode="json")


def advanced(state, steps):
    for _ in range(steps):
        state = state.advanced()
    return state


def test_layout():
    state = advanced(advanced(begin(PRINT, 256), 3).resized(100), 2)
    assert dumped(state) == {
        "version": 1,
        "fingerprint": PRINT,
        "position": 968,
        "changes": [[0, 0, 256, [1000]], [3, 768, 100, [1000]]],
        "opened": [1000],
    }
    assert len(json.dumps(dumped(state))) < 400


def test_changes_of_weights_are_noted_where_they_are_asked_for():
    state = advanced(advanced(begin(PRINT, 256, (700, 300)), 3).reweighted((600, 400)), 2)
    assert state.counts == (600, 400)
    assert state.asked == ((0, (700, 300)), (768, (600, 400)))
    state = advanced(state.resized(100), 1)
    assert dumped(state) == {
        "version": 1,
        "fingerprint": PRINT,
        "position": 1380,
        "changes": [[0, 0, 256, [700, 300]], [3, 768, 256, [600, 400]], [5, 1280, 100, [600, 400]]],
        "opened": [700, 300],
    }
    assert restore(json.loads(json.dumps(dumped(state))), PRINT) == state


def test_a_stream_opened_with_the_same_weights_leaves_what_was_changed():
    state = advanced(advanced(begin(PRINT, 4, (700, 300)), 3).reweighted((600, 400)), 2)
    assert state.reopened((700, 300)) is state
    back = advanced(state, 1).reopened((500, 500))
    assert back.asked == ((0, (700, 300)), (12, (600, 400)), (24, (500, 500)))
    assert back.opened == (500, 500)
    assert back.reopened((500, 500)) is back
    assert back.reopened((700, 300)).counts == (700, 300)


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(0, 6)), min_size=1, max_size=6))
def test_steps_and_positions_keep_their_meaning_over_changes_of_the_batch_size(chain):
    state, began = begin(PRINT, chain[0][0]), []
    for size, steps in chain:
        state = state.resized(size)
        for _ in range(steps):
            began.append((state.position, size))
            state = state.advanced()
    state = restore(json.loads(json.dumps(dumped(state))), PRINT)
    assert state.step == len(began)
    assert [state.position_of(step) for step in range(len(began))] == began
    assert state.position_of(state.step + 2) == (state.position + 2 * chain[-1][0], chain[-1][0])
    assert len(state.changes) <= len(chain)


def test_a_state_of_the_same_size_is_the_same_however_long_the_run():
    state = begin(PRINT, 256)
    assert state.resized(256) is state
    assert len(dumped(advanced(state, 5000))["changes"]) == 1


def test_a_batch_size_of_which_no_batch_was_taken_leaves_no_trace():
    assert begin(PRINT, 4).resized(8).resized(16) == begin(PRINT, 16)
    state = advanced(begin(PRINT, 4), 2)
    assert dumped(state.resized(8).resized(16))["changes"] == [[0, 0, 4, [1000]], [2, 8, 16, [1000]]]
    assert state.resized(8).resized(4) == state
    mixed = advanced(begin(PRINT, 4, (1, 999)), 2)
    assert mixed.resized(8).reweighted((2, 998)).changes[1:] == ((2, 8, 8, (2, 998)),)
    assert mixed.reweighted((2, 998)).reweighted((1, 999)) == mixed


def test_states_do_not_change():
    state = begin(PRINT, 4)
    state.advanced()
    state.resized(8)
    assert (state.position, state.batch_size) == (0, 4)


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"seed": 8}, ["seed changed", "seed = 8 in this stream", "seed = 7 in the state"]),
        ({"manifest": "b" * 64}, ["manifest changed", "b" * 64, "a" * 64]),
        ({"window": 1024}, ["window = 1024 in this stream", "window = None in the state"]),
        ({"lanes": 32, "block": 99}, ["lanes, block changed", "lanes = 32, block = 99", "lanes = 64, block = 512"]),
    ],
)
def test_a_state_of_another_stream_shows_both_sides(change, shown):
    with pytest.raises(StateError) as caught:
        restore(dumped(begin(PRINT, 4)), {**PRINT, **change})
    for text in shown:
        assert text in str(caught.value)


def test_a_part_that_one_side_lacks_differs():
    state = dumped(begin({**PRINT, "weights": "1:2"}, 4))
    with pytest.raises(StateError, match="weights = absent in this stream"):
        restore(state, PRINT)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"position": -1},
        {"position": None},
        {"changes": []},
        {"changes": [[0, 0, 0, [1000]]]},
        {"more": 1},
        {"changes": [[5, 20, 4, [1000]]]},
        {"position": 3},
        {"changes": [[0, 0, 4, [999]]]},
        {"changes": [[0, 0, 4, [500, 500]]]},
        {"opened": [500]},
        {"position": 20, "changes": [[0, 0, 4, [1000]], [2, 9, 4, [1000]]]},
        {"position": 20, "changes": [[0, 0, 4, [1000]], [7, 28, 4, [1000]]]},
    ],
)
def test_what_is_no_state_is_refused(change):
    with pytest.raises(StateError, match="not the state of a stream"):
        restore({**dumped(begin(PRINT, 4)), **change}, PRINT)


@pytest.mark.parametrize("state", [[1, 2], "state", None])
def test_what_is_no_mapping_is_refused(state):
    with pytest.raises(StateError, match="not the state of a stream"):
        restore(state, PRINT)
