import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from headrace.trainers.optimizers import AdamwRecipe, LarsRecipe, SgdRecipe
from headrace.trainers.optimizers.clipping import clip_gradients


def test_the_rate_scales_with_the_batch_where_asked():
    assert AdamwRecipe(lr=1.5e-4, lr_batch=256).peak(4096) == pytest.approx(2.4e-3)
    assert AdamwRecipe(lr=1e-4).peak(4096) == 1e-4
    assert AdamwRecipe(lr=1.5e-4, lr_batch=256, lr_scaling="linear").peak(4096) == pytest.approx(2.4e-3)


def test_the_rate_scales_with_the_root_of_the_batch_as_in_the_papers():
    assert LarsRecipe(lr=0.075, lr_batch=1, lr_scaling="sqrt").peak(4096) == pytest.approx(4.8)  # SimCLR, B.1
    assert AdamwRecipe(lr=4e-3, lr_batch=1024, lr_scaling="sqrt").peak(2048) == pytest.approx(4e-3 * math.sqrt(2))


def test_decay_follows_half_a_cosine_as_in_dino():
    recipe = AdamwRecipe(weight_decay=0.04, weight_decay_end=0.4)
    # facebookresearch/dino, utils.cosine_scheduler(0.04, 0.4, ...) over 100 iterations.
    dino = [0.4 + 0.5 * (0.04 - 0.4) * (1 + math.cos(math.pi * step / 100)) for step in range(100)]
    assert [recipe.decay(step, 100) for step in range(100)] == pytest.approx(dino)


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 10_000))
def test_decay_is_monotone_from_one_end_to_the_other(first, last, steps):
    recipe = AdamwRecipe(weight_decay=first, weight_decay_end=last)
    values = [recipe.decay(step, steps) for step in range(0, steps + 1, max(1, steps // 50))]
    assert values[0] == pytest.approx(first)
    assert recipe.decay(steps, steps) == pytest.approx(last)
    assert values == pytest.approx(sorted(values, reverse=first > last), abs=1e-12)


def test_decay_stays_where_no_end_is_given():
    assert {SgdRecipe(weight_decay=0.1).decay(step, 10) for step in range(20)} == {0.1}


@pytest.mark.parametrize(
    ("kind", "wrong", "message"),
    [
        (AdamwRecipe, {"lr_scaling": "sqrt"}, "lr_batch"),
        (SgdRecipe, {"momentum": 0, "nesterov": True}, "momentum above 0"),
        (LarsRecipe, {"trust": 0}, "greater than 0"),
        (AdamwRecipe, {"layer_decay": 1.5}, "less than or equal to 1"),
    ],
)
def test_what_makes_no_sense_is_refused(kind, wrong, message):
    with pytest.raises(ValidationError, match=message):
        kind(**wrong)


def test_keys_that_came_later_are_none_which_checkpoints_from_before_them_say_too():
    later = {"lr_scaling", "layer_decay", "weight_decay_end", "clip_each"}
    given = AdamwRecipe().model_dump()
    assert [given.pop(key) for key in later] == [None] * 4
    assert given.keys() == {"name", "lr", "lr_batch", "betas", "eps", "weight_decay", "clip"}


def gradients():
    parameters = [torch.nn.Parameter(torch.zeros(2)) for _ in range(3)]
    for each, values in zip(parameters, ([3.0, 4.0], [0.0, 1.0], None), strict=True):
        each.grad = None if values is None else torch.tensor(values)
    return parameters


@pytest.mark.parametrize(
    ("keys", "lengths"),
    [
        ({}, [5, 1]),
        ({"clip": 1.0}, [5 / math.sqrt(26), 1 / math.sqrt(26)]),
        ({"clip_each": 3.0}, [3, 1]),
        ({"clip": 1.0, "clip_each": 0.5}, [0.5, 1 / math.sqrt(26)]),
    ],
)
def test_gradients_are_no_longer_than_the_recipe_allows(keys, lengths):
    parameters = gradients()
    norm = clip_gradients(iter(parameters), AdamwRecipe(**keys))
    assert norm.item() == pytest.approx(math.sqrt(26))
    assert [each.grad.norm().item() for each in parameters[:2]] == pytest.approx(lengths, rel=1e-5)
