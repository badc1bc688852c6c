"""fp16 and its loss scale: nothing is lost below fp16's least number, and an overflow changes nothing but the scale."""

import pytest
import torch

from headrace.shards.base.errors import TrainingError
from headrace.trainers.distributed import ALONE
from headrace.trainers.loop import take_step, train
from headrace.trainers.metrics import read_metrics
from headrace.trainers.precision import LossScale
from headrace.trainers.recipe import read_recipe
from headrace.trainers.runs import Run
from headrace.trainers.state import start


@pytest.fixture
def opened(recipe_of, tmp_path):
    def make(*overrides, pretext="mae"):
        run = Run.of(read_recipe(recipe_of(pretext), overrides), tmp_path / "run")
        return run, start(run, ALONE)

    return make


def stepped(run, state):
    """A step; what the log would say of it."""
    return take_step(run, ALONE, state, next(iter(state.loader)))[1]


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_lower_precision_trains_nearly_as_fp32(recipe_of, tmp_path, precision):
    for each in (precision, "fp32"):
        train(read_recipe(recipe_of("mae"), [f"precision={each}", "optimizer.lr=1e-6"]), tmp_path / each)
    for low, full in zip(read_metrics(tmp_path / precision), read_metrics(tmp_path / "fp32"), strict=True):
        assert low["loss"] != full["loss"]
        assert low["loss"] == pytest.approx(full["loss"], rel=0.02)
    # The scale may have been too large for the first steps, which then were not taken.
    assert low["grad_norm"] == pytest.approx(full["grad_norm"], rel=0.05)


@pytest.mark.parametrize("pretext", ["mae", "mlm", "causal_lm", "simclr"])
def test_a_run_in_fp16_that_is_continued_is_one_that_was_never_stopped(recipe_of, tmp_path, pretext):
    same = ["precision=fp16", "schedule.name=constant"]
    for folder, ends in (("whole", [6]), ("continued", [1, 4, 6])):
        for steps in ends:
            train(read_recipe(recipe_of(pretext), [*same, f"steps={steps}"]), tmp_path / folder)
    names = ("loss", "loss_scale", "grad_norm")
    whole, continued = (
        [[line.get(name) for name in names] for line in read_metrics(tmp_path / folder)]
        for folder in ("whole", "continued")
    )
    assert whole == continued
    assert len(whole) == 6


def test_gradients_below_the_least_number_of_fp16_are_not_lost(opened):
    # Counted over so many targets, each one's share of the loss is nothing in fp16.
    found = {}
    for precision in ("fp32", "fp16"):
        run, state = opened(f"precision={precision}")
        targets = state.objective.targets
        state.objective.targets = lambda batch, count=targets: {k: v * 10**7 for k, v in count(batch).items()}
        stepped(run, state)
        found[precision] = torch.cat(
            [each.grad.flatten() for each in state.objective.parameters() if each.requires_grad]
        )
    assert found["fp32"].abs().max() < 1e-6
    torch.testing.assert_close(found["fp16"].norm(), found["fp32"].norm(), rtol=0.05, atol=0)


@pytest.mark.parametrize("clip", ["clip", "clip_each"])
def test_gradients_are_divided_by_the_scale_before_they_are_clipped(opened, clip):
    found = {}
    for precision in ("fp32", "fp16"):
        # Of a length that is allowed, but for the scale.
        run, state = opened(f"precision={precision}", f"optimizer={{name: adamw, {clip}: 100.0}}")
        state.scale.value = {"fp32": 1.0, "fp16": 256.0}[precision]
        stepped(run, state)
        found[precision] = torch.cat(
            [each.grad.flatten() for each in state.objective.parameters() if each.requires_grad]
        )
    assert 0.01 < found["fp32"].norm() < 100 < state.scale.value * found["fp32"].norm()
    torch.testing.assert_close(found["fp16"].norm(), found["fp32"].norm(), rtol=0.05, atol=0)


@pytest.mark.parametrize("pretext", ["mae", "simclr"])
def test_a_step_that_overflows_changes_nothing_but_the_scale(opened, pretext):
    run, state = opened("precision=fp16", "steps=100", "optimizer={name: adamw, lr: 1e-3}", pretext=pretext)
    while "grad_norm" not in stepped(run, state):
        pass
    before = {name: each.clone() for name, each in state.objective.state_dict().items()}
    moments = [each["exp_avg"].clone() for each in state.optimizer.state.values()]
    step, state.scale.value = state.step, 2.0**32
    told = stepped(run, state)
    assert "grad_norm" not in told
    assert state.scale.value == 2.0**31
    assert state.step == step + 1
    assert all(torch.equal(each, before[name]) for name, each in state.objective.state_dict().items())
    assert all(torch.equal(a, b["exp_avg"]) for a, b in zip(moments, state.optimizer.state.values(), strict=True))
    while "grad_norm" not in (told := stepped(run, state)):
        pass
    assert told["loss_scale"] == state.scale.value < 2.0**31
    # Statistics of BatchNorm and moments go on from where they were.
    assert any(not torch.equal(each, before[name]) for name, each in state.objective.state_dict().items())


def test_a_run_stops_when_no_scale_is_small_enough(opened):
    run, state = opened("precision=fp16")
    with torch.no_grad():
        state.objective.decoder.mask_token.fill_(torch.nan)
    while state.step < 16:
        stepped(run, state)
    with pytest.raises(TrainingError, match=r"step 16 \(from 0\) has no finite gradients"):
        stepped(run, state)


def test_the_scale_grows_after_many_calm_steps_and_continues_from_a_checkpoint():
    one, other = LossScale.of("fp16"), LossScale.of("fp16")
    for _ in range(1999):
        one.endured()
    other.load_state_dict(one.state_dict())
    for each in (one, other):
        assert each.value == 2**16
        each.endured()
        assert each.value == 2**17
        assert each.overflowed()
        assert each.value == 2**16
    fixed = LossScale.of("bf16")
    for _ in range(4000):
        fixed.endured()
    assert fixed.value == 1
    assert not fixed.overflowed()
