"""What restarts undid is left out, against a reference that keeps a list of every single position."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.stream.audit.closed_form import Layout
from headrace.shards.stream.audit.lineage import Stretch, before, gaps, part, uncovered
from headrace.shards.stream.audit.logs import Line
from headrace.shards.stream.delivery.state import begin

SIZES = (1, 2)


def line(session, start, stop, size=1, world_size=1):
    state = begin({}, 1).model_copy(update={"position": stop})
    return Line(
        session=session,
        rank=0,
        world_size=world_size,
        local_world=1,
        batch_size=size,
        start=start,
        samples=0,
        digest="0" * 16,
        state=state,
    )


sessions = st.lists(
    st.tuples(st.integers(0, 20), st.sampled_from(SIZES), st.lists(st.integers(0, 6), max_size=4)), max_size=5
)


@given(sessions)
def test_what_is_left_is_what_no_later_session_began_before(drawn):
    lines, held, undone = [], {}, 0
    for number, (start, size, lengths) in enumerate(drawn):
        undone += sum(position >= start for position in held)
        held = {position: layout for position, layout in held.items() if position < start}
        lines.append(line(number, start, start, size))
        for length in lengths:
            lines.append(line(number, start, start + length * size, size))
            held.update(dict.fromkeys(range(start, start + length * size), size))
            start += length * size
    found = part(lines)
    assert found.undone == undone
    assert found.doubled == ()
    assert len(found.sessions) == len(drawn)
    kept = {position: each.layout.batch_size for each in found.kept for position in range(each.start, each.stop)}
    assert kept == held
    assert sum(each.stop - each.start for each in found.kept) == len(held)
    assert list(found.kept) == sorted(found.kept)
    for end in (0, 5, 40):
        missing = {position for start, stop in gaps(found.kept, end) for position in range(start, stop)}
        assert {each for each in missing if each < end} == set(range(end)) - set(held)
    wanted = Stretch(3, 17, Layout(2, 1, 1))
    lacking = {each for some in uncovered(wanted, found.kept) for each in range(some.start, some.stop)}
    assert lacking == {position for position in range(3, 17) if held.get(position) != 2}


def test_a_stretch_that_comes_twice_in_a_session():
    found = part([line(0, 0, 0), line(0, 0, 4), line(0, 2, 6)])
    assert found.doubled == (Stretch(2, 4, Layout(1, 1, 1)),)
    assert found.kept == (Stretch(0, 6, Layout(1, 1, 1)),)
    assert before(found.kept, 5) == (Stretch(0, 5, Layout(1, 1, 1)),)


@pytest.mark.parametrize("world_size", [1, 2])
def test_ranks_that_dealt_otherwise_cover_nothing(world_size):
    kept = part([line(0, 0, 4, world_size=2)]).kept
    missing = uncovered(Stretch(0, 4, Layout(1, world_size, 1)), kept)
    assert bool(missing) == (world_size == 1)
