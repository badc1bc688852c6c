import math

import pytest

from headrace.trainers.schedules import ScheduleRecipe


def test_warm_up_rises_linearly_to_the_peak():
    schedule = ScheduleRecipe(name="cosine", warmup=4)
    assert [schedule.factor(step, 100) for step in range(4)] == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize(
    ("name", "halfway", "last"),
    [("constant", 1.0, 1.0), ("linear", 0.5, 0.01), ("cosine", 0.5, (1 + math.cos(math.pi * 0.99)) / 2)],
)
def test_decay(name, halfway, last):
    schedule = ScheduleRecipe(name=name, warmup=10)
    assert schedule.factor(10, 110) == 1.0
    assert schedule.factor(60, 110) == pytest.approx(halfway)
    assert schedule.factor(109, 110) == pytest.approx(last)


def test_the_floor_is_what_is_left():
    assert ScheduleRecipe(name="linear", floor=0.1).factor(100, 100) == pytest.approx(0.1)


def test_steps_beyond_the_end_stay_at_the_floor():
    assert ScheduleRecipe(name="cosine").factor(500, 100) == 0.0
