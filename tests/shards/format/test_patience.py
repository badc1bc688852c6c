"""How long and how often: pauses within their bounds, a budget that faults now and then do not spend."""

import random

import pytest

from headrace.shards.base.errors import StoreError
from headrace.shards.format.patience import Budget, Patience, pause


def test_pauses_grow_up_to_a_bound_and_differ() -> None:
    for attempt in (0, 1, 3, 100, 10_000):
        found = [pause(attempt) for _ in range(200)]
        assert all(0 <= each <= min(5.0, 0.1 * 2.0 ** min(attempt, 16)) for each in found)
        assert len(set(found)) > 100
    assert max(pause(0) for _ in range(200)) <= 0.1 < max(pause(9) for _ in range(200))


def test_pauses_take_nothing_from_the_numbers_of_a_run() -> None:
    random.seed(1)
    expected = random.random()
    random.seed(1)
    pause(3)
    assert random.random() == expected


def test_a_large_request_may_take_longer() -> None:
    assert Patience(timeout=3.0).allowance(0) == 3.0
    assert Patience(timeout=3.0).allowance(1_000_000) == 13.0


def test_one_failure_in_ten_is_put_up_with_and_more_are_not() -> None:
    def run(answers: int) -> None:
        budget = Budget(5)
        for _ in range(300):
            budget.spend("s3://a", "503")
            for _ in range(answers):
                budget.earn()

    run(answers=10)
    with pytest.raises(StoreError, match=r"s3://a fails too often.*5 failed requests.*the last one with 503"):
        run(answers=5)
