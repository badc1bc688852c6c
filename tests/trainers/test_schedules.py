import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import get_wsd_schedule

from headrace.trainers.schedules import DecayRecipe, WsdRecipe, between

decays = st.builds(
    DecayRecipe,
    name=st.sampled_from(["constant", "linear", "cosine"]),
    warmup=st.integers(0, 50),
    floor=st.floats(0, 1),
)
wsds = st.builds(
    WsdRecipe,
    warmup=st.integers(0, 50),
    floor=st.floats(0, 1),
    decay=st.floats(0.01, 1),
    curve=st.sampled_from(["sqrt", "linear"]),
)


def test_warm_up_rises_linearly_to_the_peak():
    schedule = DecayRecipe(name="cosine", warmup=4)
    assert [schedule.factor(step, 100) for step in range(4)] == [0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize(
    ("name", "halfway", "last"),
    [("constant", 1.0, 1.0), ("linear", 0.5, 0.01), ("cosine", 0.5, (1 + math.cos(math.pi * 0.99)) / 2)],
)
def test_decay(name, halfway, last):
    schedule = DecayRecipe(name=name, warmup=10)
    assert schedule.factor(10, 110) == 1.0
    assert schedule.factor(60, 110) == pytest.approx(halfway)
    assert schedule.factor(109, 110) == pytest.approx(last)


def test_the_floor_is_what_is_left():
    assert DecayRecipe(name="linear", floor=0.1).factor(100, 100) == pytest.approx(0.1)


def test_steps_beyond_the_end_stay_at_the_floor():
    assert DecayRecipe(name="cosine").factor(500, 100) == 0.0
    assert WsdRecipe(floor=0.25).factor(500, 100) == 0.25


def test_the_peak_of_wsd_lasts_until_the_last_share():
    schedule = WsdRecipe(warmup=20, decay=0.25)
    assert {schedule.factor(step, 120) for step in range(20, 96)} == {1.0}
    assert schedule.factor(96, 120) < 1.0
    # A quarter of the 25 last steps is done, and then all.
    assert schedule.factor(95 + 9, 120) == pytest.approx(1 - math.sqrt(9 / 25))
    assert schedule.factor(120, 120) == 0.0
    assert WsdRecipe(warmup=20, decay=0.25, curve="linear").factor(95 + 10, 120) == pytest.approx(0.6)


@pytest.mark.parametrize(("curve", "theirs"), [("sqrt", "1-sqrt"), ("linear", "linear")])
@pytest.mark.parametrize("floor", [0.0, 0.1])
def test_wsd_is_that_of_transformers(curve, theirs, floor):
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    oracle = get_wsd_schedule(
        optimizer, num_warmup_steps=10, num_stable_steps=80, num_decay_steps=20, decay_type=theirs, min_lr_ratio=floor
    )
    schedule = WsdRecipe(warmup=10, decay=0.2, curve=curve, floor=floor)
    for step in range(110):
        if step >= 10:
            # Where the decay begins, ours is off by the root of a rounding error.
            assert schedule.factor(step, 110) == pytest.approx(oracle.get_last_lr()[0], abs=1e-7), step
        optimizer.step()
        oracle.step()


@given(decays | wsds, st.integers(60, 5_000))
def test_a_rate_rises_to_its_peak_and_never_rises_again(schedule, steps):
    factors = [schedule.factor(step, steps) for step in range(steps + 1)]
    warm, rest = factors[: schedule.warmup], factors[schedule.warmup :]
    assert warm == sorted(warm)
    assert rest == sorted(rest, reverse=True)
    assert rest[0] == pytest.approx(1.0)
    assert min(warm, default=1) > 0
    assert max(factors) <= 1.0 + 1e-12
    constant = schedule.name == "constant"
    assert factors[-1] == pytest.approx(1.0 if constant else schedule.floor)
    assert min(rest) >= schedule.floor - 1e-12


@given(decays | wsds, st.integers(60, 1_000), st.integers(0, 1_000))
def test_a_rate_does_not_jump(schedule, steps, step):
    jump = abs(schedule.factor(step + 1, 100 * steps) - schedule.factor(step, 100 * steps))
    decaying = schedule.decay if isinstance(schedule, WsdRecipe) else 1.0
    longest = 1 / (decaying * (100 * steps - schedule.warmup))
    # A root is steepest where it begins, a cosine in its middle; the warm-up rises by one part of itself.
    bound = math.sqrt(longest) if isinstance(schedule, WsdRecipe) else math.pi / 2 * longest
    assert jump <= max(bound, 1 / schedule.warmup if step < schedule.warmup else 0.0) + 1e-12


def test_the_momentum_of_a_teacher_is_that_of_the_papers():
    steps, base = 300, 0.996
    for step in (0, 1, 77, 150, 299, 300):
        # BYOL, section 3.3; DINO's cosine_scheduler; I-JEPA's train.py.
        byol = 1 - (1 - base) * (math.cos(math.pi * step / steps) + 1) / 2
        assert between(base, 1, step / steps) == pytest.approx(byol, abs=1e-15)
        assert between(base, 1, step / steps, "linear") == pytest.approx(base + step * (1 - base) / steps, abs=1e-15)
    assert between(base, 1, 2) == 1
    assert between(base, 1, 0.5, "constant") == base
