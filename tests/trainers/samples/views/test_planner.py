import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare, kstest

from headrace.trainers.samples.views.drawing import DRAWN, NOT_SOLARIZED, only_cut
from headrace.trainers.samples.views.planner import NUMBERS, Planner, plan
from headrace.trainers.samples.views.view import ColorJitter, GaussianBlur, RandomSolarize, View

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
sides = st.one_of(st.integers(1, 8), st.integers(1, 20_000))
probabilities, strengths = st.floats(0, 1), st.floats(0, 3)
shares, ratios = st.floats(1e-6, 1), st.floats(0.01, 100)
operations = {
    "horizontal_flip": probabilities,
    "angles": st.lists(st.sampled_from([0, 90, 180, 270]), min_size=1, max_size=5).map(tuple),
    "scale": st.tuples(shares, shares).map(sorted).map(tuple),
    "ratio": st.tuples(ratios, ratios).map(sorted).map(tuple),
    "color_jitter": st.builds(
        ColorJitter,
        p=probabilities,
        brightness=strengths,
        contrast=strengths,
        saturation=strengths,
        hue=st.floats(0, 0.5),
    ),
    "grayscale": probabilities,
    "gaussian_blur": st.builds(
        GaussianBlur,
        p=probabilities,
        sigma=st.tuples(st.floats(0.01, 9), st.floats(0.01, 9)).map(sorted).map(tuple),
        kernel_size=st.one_of(st.none(), st.integers(0, 20).map(lambda half: 2 * half + 1)),
    ),
    "solarize": st.builds(RandomSolarize, p=probabilities, threshold=st.integers(0, 255)),
}
kinds = st.lists(st.builds(View, count=st.integers(1, 2), **operations), min_size=1, max_size=3)


def slow_box(height, width, numbers, scale, ratio):
    """A random box, written as torchvision's documentation tells it."""
    low, high = math.log(ratio[0]), math.log(ratio[1])
    for _ in range(10):
        area = height * width * (scale[0] + (scale[1] - scale[0]) * next(numbers))
        aspect = math.exp(low + (high - low) * next(numbers))
        across, down = next(numbers), next(numbers)
        box_width, box_height = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < box_width <= width and 0 < box_height <= height:
            left, top = int((width - box_width + 1) * across), int((height - box_height + 1) * down)
            return left, top, left + box_width, top + box_height
    aspect = min(max(width / height, ratio[0]), ratio[1])
    box_width, box_height = max(1, min(width, round(height * aspect))), max(1, min(height, round(width / aspect)))
    left, top = (width - box_width) // 2, (height - box_height) // 2
    return left, top, left + box_width, top + box_height


def slow_view(view, height, width, uniforms):
    """A row of `DRAWN`, one operation after the other."""
    numbers = iter(uniforms.tolist())
    flip = next(numbers) < view.horizontal_flip
    angle = view.angles[int(next(numbers) * len(view.angles))] // 90
    jitter, jittered, order = view.color_jitter, next(numbers) < view.color_jitter.p, next(numbers)
    factors = []
    for strength in (jitter.brightness, jitter.contrast, jitter.saturation):
        least = max(0.0, 1.0 - strength)
        factors.append(least + (1.0 + strength - least) * next(numbers))
    factors.append(jitter.hue * (2 * next(numbers) - 1))
    if jittered:
        colours = list(itertools.permutations(range(4)))[int(order * 24)], *factors
    else:
        colours = (0, 1, 2, 3), 1.0, 1.0, 1.0, 0.0
    grayscale = next(numbers) < view.grayscale
    blurred, (least, most) = next(numbers) < view.gaussian_blur.p, view.gaussian_blur.sigma
    sigma = least + (most - least) * next(numbers)
    blur = (sigma, view.gaussian_blur.kernel_size or 2 * math.ceil(4 * sigma) + 1) if blurred else (0.0, 1)
    solarize = view.solarize.threshold if next(numbers) < view.solarize.p else NOT_SOLARIZED
    box = slow_box(height, width, numbers, view.scale, view.ratio)
    return box, flip, angle, *colours, grayscale, *blur, solarize


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


@given(kinds, st.lists(st.tuples(sides, sides), max_size=4), seeds)
def test_each_view_is_the_slow_ones_to_the_bit(views, sizes, seed):
    planner = Planner(views)
    uniforms = np.random.default_rng(seed).random((len(sizes), planner.numbers))
    drawn = planner(np.reshape(sizes, (len(sizes), 2)), uniforms)
    each = [view for view in views for _ in range(view.count)]
    assert drawn.shape == (len(sizes), len(each))
    for row, (height, width), numbers in zip(drawn, sizes, uniforms, strict=True):
        own = numbers.reshape(len(each), NUMBERS)
        expected = [slow_view(view, height, width, its) for view, its in zip(each, own, strict=True)]
        assert (row == np.array(expected, DRAWN)).all()


@given(sides, sides, seeds)
def test_the_plan_of_one_image_is_that_of_its_generator(height, width, seed):
    views = (View(name="a", count=2, horizontal_flip=0.5), View(name="b", scale=(0.05, 0.4), grayscale=0.5))
    planner = Planner(views)
    uniforms = np.random.default_rng(seed).random((1, planner.numbers))
    planned = plan(views, height, width, np.random.default_rng(seed))
    assert (planned == planner([(height, width)], uniforms)[0]).all()


@pytest.mark.parametrize(
    ("sizes", "shape"), [([(4, 0)], (1, NUMBERS)), ([(4, 4)], (2, NUMBERS)), ([4], (1, NUMBERS)), ([(4, 4)], (1, 4))]
)
def test_what_does_not_belong_together_is_refused(sizes, shape):
    with pytest.raises(ValueError, match=rf"n heights and widths of at least 1 and from \(n, {NUMBERS}\) numbers"):
        Planner([View()])(sizes, np.zeros(shape))


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
    (row,) = plan([View()], 30, 40, np.random.default_rng(0))
    assert row == np.array([only_cut(tuple(row["box"]))], DRAWN)[0]
