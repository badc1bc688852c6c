import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.shards.base.errors import StateError, UsageError
from headrace.shards.stream.delivery.cursor import Bound, Cursor, Share
from headrace.shards.stream.order.batch import Rank

PRINT = {"seed": 1}
ENDLESS = Bound()


def cursor(batch_size, bound=ENDLESS, total=10, start=None, fingerprint=PRINT):
    return Cursor(fingerprint, total, Share(batch_size, Rank(), bound), start)


def walk(some, batches):
    for _ in range(batches):
        some.advance()
    return some


def test_without_a_bound_nothing_ends():
    assert cursor(3).remaining is None
    assert cursor(3).length is None


@given(st.integers(1, 9), st.integers(0, 30))
def test_steps_end_at_the_next_multiple(steps, done):
    some = walk(cursor(3, Bound(steps=steps)), done)
    assert (done + some.remaining) % steps == 0
    assert 1 <= some.remaining <= steps


@given(st.integers(1, 30), st.integers(1, 4), st.integers(1, 25), st.integers(0, 40))
def test_epochs_end_with_the_batch_that_reaches_the_next_multiple(total, epochs, batch_size, done):
    some = walk(cursor(batch_size, Bound(epochs=epochs), total), done)
    stretch = epochs * total
    target = (done * batch_size // stretch + 1) * stretch
    end = (done + some.remaining) * batch_size
    assert end - batch_size < target <= end


@given(st.integers(1, 30), st.integers(1, 25), st.sampled_from([Bound(epochs=1), Bound(epochs=3), Bound(steps=4)]))
def test_a_length_holds_all_along_its_iteration(total, batch_size, bound):
    some = cursor(batch_size, bound, total)
    for _ in range(5):
        expected = some.remaining
        for done in range(expected):
            assert (some.length, some.remaining) == (expected, expected - done)
            some.advance()


def test_a_run_goes_on_from_its_state():
    first = walk(cursor(3), 2)
    later = cursor(5, start=first.state_dict())
    assert (later.state.position, later.state.step, later.state.batch_size) == (6, 2, 5)
    later.load_state_dict(walk(cursor(5), 1).state_dict())
    assert (later.state.position, later.state.step) == (5, 1)


def test_a_state_of_another_stream_is_refused():
    with pytest.raises(StateError, match="seed = 2"):
        cursor(3, start=cursor(3, fingerprint={"seed": 2}).state_dict())


def test_weights_go_on_as_they_were_changed_until_a_stream_is_opened_with_others():
    share = Share(3, Rank(), ENDLESS)
    first = walk(Cursor(PRINT, 10, share, None, (700, 300)), 2)
    first.reweight((500, 500))
    walk(first, 1)
    again = Cursor(PRINT, 10, share, first.state_dict(), (700, 300))
    assert again.state.asked == ((0, (700, 300)), (6, (500, 500)))
    other = Cursor(PRINT, 10, share, first.state_dict(), (900, 100))
    assert other.state.asked == ((0, (700, 300)), (6, (500, 500)), (9, (900, 100)))


def test_impossible_bounds_and_batches_are_refused():
    with pytest.raises(UsageError):
        Bound(steps=1, epochs=1)
    with pytest.raises(UsageError):
        Bound(steps=0)
    with pytest.raises(UsageError):
        cursor(0)
