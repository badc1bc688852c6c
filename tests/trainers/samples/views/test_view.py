from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.stats import chisquare, kstest

from headrace.trainers.samples.views.drawing import (
    DRAWN,
    NOT_SOLARIZED,
    ColorJitter,
    GaussianBlur,
    RandomSolarize,
    only_cut,
)
from headrace.trainers.samples.views.view import View, plan

DRAWS = 6000
BUSY = View(
    count=DRAWS,
    horizontal_flip=0.5,
    angles=(0, 90, 270),
    color_jitter=ColorJitter(p=0.8, brightness=0.8, contrast=0.4, saturation=1.5, hue=0.2),
    grayscale=0.2,
    gaussian_blur=GaussianBlur(p=0.5, sigma=(0.1, 2.0)),
    solarize=RandomSolarize(p=0.2, threshold=128),
)
seeds = st.integers(0, 2**32)
sides = st.integers(1, 3000)


@pytest.fixture(scope="module")
def rows():
    return plan([BUSY], 375, 500, np.random.default_rng(0))


def test_factors_are_uniform_as_torchvision_draws_them(rows):
    jittered = rows[(rows["brightness"] != 1) | (rows["contrast"] != 1)]
    for field, low, high in (
        ("brightness", 0.2, 1.8),
        ("contrast", 0.6, 1.4),
        ("saturation", 0.0, 2.5),
        ("hue", -0.2, 0.2),
    ):
        assert kstest(jittered[field], "uniform", (low, high - low)).pvalue > 0.001, field
    blurred = rows[rows["sigma"] > 0]
    assert kstest(blurred["sigma"], "uniform", (0.1, 1.9)).pvalue > 0.001


def test_operations_are_as_frequent_as_they_should_be(rows):
    shares = {
        "flip": (rows["flip"].mean(), 0.5),
        "jitter": ((rows["brightness"] != 1).mean(), 0.8),
        "grayscale": (rows["grayscale"].mean(), 0.2),
        "blur": ((rows["sigma"] > 0).mean(), 0.5),
        "solarize": ((rows["solarize"] == 128).mean(), 0.2),
    }
    for name, (found, expected) in shares.items():
        assert found == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / DRAWS)), name
    assert set(rows["solarize"]) == {128, NOT_SOLARIZED}


def test_all_orders_of_the_jitter_and_all_angles_are_equally_likely(rows):
    jittered = rows[rows["brightness"] != 1]
    assert (np.sort(jittered["order"], axis=1) == np.arange(4)).all()
    _, counts = np.unique(jittered["order"], axis=0, return_counts=True)
    assert len(counts) == 24
    assert chisquare(counts).pvalue > 0.001
    angles, counts = np.unique(rows["angle"], return_counts=True)
    assert angles.tolist() == [0, 1, 3]
    assert chisquare(counts).pvalue > 0.001


def test_operations_are_drawn_independently(rows):
    columns = np.stack(
        [
            rows["flip"],
            rows["grayscale"],
            rows["brightness"],
            rows["hue"],
            rows["sigma"],
            rows["solarize"],
            rows["box"][:, 0],
            rows["angle"],
        ]
    ).astype(float)
    correlation = np.corrcoef(columns) - np.eye(len(columns))
    assert np.abs(correlation).max() < 4.5 / np.sqrt(DRAWS)


def test_the_kernel_holds_nearly_all_of_the_gaussian(rows):
    blurred = rows[rows["sigma"] > 0]
    assert (blurred["kernel_size"] % 2 == 1).all()
    assert (blurred["kernel_size"] // 2 >= 4 * blurred["sigma"] - 1e-5).all()
    assert (rows["kernel_size"][rows["sigma"] == 0] == 1).all()


@given(sides, sides, seeds)
def test_a_plan_is_one_draw_after_the_other(height, width, seed):
    views = (View(name="a", count=2, horizontal_flip=0.5), View(name="b", scale=(0.05, 0.4), grayscale=0.5))
    rng = np.random.default_rng(seed)
    drawn = [view.draw(height, width, rng) for view in (views[0], views[0], views[1])]
    planned = plan(views, height, width, np.random.default_rng(seed))
    assert planned.dtype == DRAWN
    assert (planned == np.array(drawn, DRAWN)).all()


@given(sides, sides, seeds)
def test_what_changes_in_a_view_changes_no_other(height, width, seed):
    views = [View(), View(grayscale=0.5, horizontal_flip=0.5), View(scale=(0.3, 1.0))]
    changed = [views[0], View(scale=(0.9, 1.0), color_jitter=ColorJitter(p=1, hue=0.5), angles=(90, 180)), views[2]]
    before, after = (plan(each, height, width, np.random.default_rng(seed)) for each in (views, changed))
    assert (before[[0, 2]] == after[[0, 2]]).all()
    assert before[1] != after[1]


@pytest.mark.parametrize(
    ("fields", "changes"),
    [
        ({"box"}, {"scale": (0.9, 1.0)}),
        ({"box"}, {"ratio": (1.0, 1.0)}),
        ({"flip"}, {"horizontal_flip": 0.9}),
        ({"angle"}, {"angles": (0, 180)}),
        ({"hue"}, {"color_jitter": ColorJitter(p=0.8, brightness=0.8, contrast=0.4, saturation=1.5, hue=0.1)}),
        ({"order", "brightness", "contrast", "saturation", "hue"}, {"color_jitter": ColorJitter()}),
        ({"grayscale"}, {"grayscale": 0.5}),
        ({"sigma", "kernel_size"}, {"gaussian_blur": GaussianBlur(p=0.9)}),
        ({"solarize"}, {"solarize": RandomSolarize(p=0.2, threshold=100)}),
    ],
)
def test_what_changes_in_an_operation_changes_no_other_one(rows, fields, changes):
    after = plan([replace(BUSY, **changes)], 375, 500, np.random.default_rng(0))
    for name in DRAWN.names:
        assert (after[name] == rows[name]).all() == (name not in fields), name


def test_a_view_without_operations_is_only_a_cut():
    row = View().draw(30, 40, np.random.default_rng(0))
    assert row == np.array([only_cut(tuple(row["box"]))], DRAWN)[0]


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"scale": (0.5, 0.2)}, "the least first"),
        ({"scale": (0.0, 1.0)}, "greater than 0"),
        ({"scale": (0.5, 1.5)}, "less than or equal to 1"),
        ({"ratio": (0.5, float("inf"))}, "finite"),
        ({"size": 0}, "greater than or equal to 1"),
        ({"horizontal_flip": 1.1}, "less than or equal to 1"),
        ({"grayscale": float("nan")}, "input_value=nan"),
        ({"interpolation": "lanczos"}, "'bilinear' or 'bicubic'"),
        ({"angles": (45,)}, "0, 90, 180 or 270"),
        ({"angles": ()}, "at least 1"),
        ({"color_jitter": {"hue": 0.6}}, "less than or equal to 0.5"),
        ({"gaussian_blur": {"kernel_size": 4}}, "an odd number"),
        ({"solarize": {"threshold": 256}}, "less than or equal to 255"),
        ({"blur": 0.5}, "Unexpected keyword"),
    ],
)
def test_parameters_out_of_range_are_refused(parameters, told):
    with pytest.raises(ValidationError, match=told):
        View(**parameters)
