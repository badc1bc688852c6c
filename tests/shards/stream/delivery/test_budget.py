import warnings

import pytest

from headrace.shards.base.errors import StreamError, UsageError
from headrace.shards.stream.delivery.budget import FLOOR, Budget, DamagedSampleWarning
from headrace.shards.stream.sources.replacement import Replacement


def damaged(count):
    return [Replacement(position, position, 0, "row 1 is damaged") for position in range(count)]


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DamagedSampleWarning)
        yield


def test_a_few_are_always_put_up_with_and_then_a_share():
    budget = Budget(0.01)
    budget.take(10, damaged(FLOOR))
    with pytest.raises(StreamError, match="9 damaged samples among 20"):
        budget.take(10, damaged(1))
    budget.take(890, [])
    budget.take(100, damaged(2))
    with pytest.raises(StreamError, match=r"15 damaged samples among 1,100.*\(position 2\); and 2 more"):
        budget.take(100, damaged(5))


def test_what_was_refused_may_be_asked_for_again():
    budget = Budget(0.5)
    budget.take(10, damaged(FLOOR))
    for _ in range(2):
        with pytest.raises(StreamError, match="11 damaged samples among 14"):
            budget.take(4, damaged(3))
    budget.take(20, damaged(3))


def test_none_and_all():
    with pytest.raises(StreamError, match="Expected: none"):
        Budget(0).take(100, damaged(1))
    Budget(0).take(100, [])
    everything = Budget(1)
    for _ in range(5):
        everything.take(20, damaged(20))


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_a_share_is_from_0_to_1(share):
    with pytest.raises(UsageError, match="`tolerated` is a share"):
        Budget(share)
