import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import ks_2samp, kstest

from headrace.trainers.samples.views.boxes import central_box
from headrace.trainers.samples.views.planner import NUMBERS, Planner
from headrace.trainers.samples.views.view import View

RATIO = (3 / 4, 4 / 3)
sides = st.one_of(st.integers(1, 8), st.integers(1, 20_000))


def boxes_of(height, width, uniforms, scale, ratio=RATIO):
    """(draws, 4) boxes, each from its row of numbers."""
    planner = Planner([View(scale=scale, ratio=ratio)])
    return planner(np.full((len(uniforms), 2), (height, width)), uniforms)["box"][:, 0]


def drawn(height, width, scale, ratio=RATIO, draws=4000, seed=0):
    return boxes_of(height, width, np.random.default_rng(seed).random((draws, NUMBERS)), scale, ratio)


def inception_boxes(height, width, scale, draws, seed):
    """What torchvision's RandomResizedCrop does, told again in the words of its documentation."""
    rng, boxes = np.random.default_rng(seed), []
    for _ in range(draws):
        for _ in range(10):
            area = height * width * rng.uniform(*scale)
            aspect = math.exp(rng.uniform(math.log(RATIO[0]), math.log(RATIO[1])))
            w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if w <= width and h <= height:
                left, top = rng.integers(width - w, endpoint=True), rng.integers(height - h, endpoint=True)
                break
        else:
            w, h = min(width, round(height * RATIO[1])), min(height, round(width / RATIO[0]))
            left, top = (width - w) // 2, (height - h) // 2
        boxes.append((left, top, left + w, top + h))
    return np.array(boxes)


@given(sides, sides, st.tuples(st.floats(1e-6, 1), st.floats(1e-6, 1)), st.floats(0.01, 100), st.integers(0, 2**32))
@example(1, 1, (0.08, 1.0), 1.0, 0)
@example(1, 20_000, (0.08, 1.0), 1.0, 0)
@example(20_000, 1, (0.08, 1.0), 100.0, 0)
@example(2, 2, (0.05, 0.05), 1.0, 0)
def test_a_box_lies_within_any_image(height, width, scale, ratio, seed):
    scale = (min(scale), max(scale))
    for left, top, right, bottom in drawn(height, width, scale, (ratio * 3 / 4, ratio * 4 / 3), draws=20, seed=seed):
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height


@pytest.mark.parametrize("number", [0.0, np.nextafter(1, 0)])
@given(height=sides, width=sides)
def test_the_ends_of_the_numbers_lead_out_of_no_image(number, height, width):
    ((left, top, right, bottom),) = boxes_of(height, width, np.full((1, NUMBERS), number), (0.08, 1))
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height


def test_areas_are_uniform_aspects_log_uniform_and_places_uniform():
    # No draw is refused: the widest box, half of a square at an aspect of 4/3, fits.
    boxes = drawn(4000, 4000, (0.08, 0.5))
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    area, aspect = width * height / 4000**2, np.log(width / height)
    assert kstest(area, "uniform", (0.08, 0.42)).pvalue > 0.001
    assert kstest(aspect, "uniform", (-np.log(4 / 3), 2 * np.log(4 / 3))).pvalue > 0.001
    for start, length in ((boxes[:, 0], width), (boxes[:, 1], height)):
        assert kstest((start + 0.5) / (4000 - length + 1), "uniform").pvalue > 0.001


@pytest.mark.parametrize("scale", [(0.08, 1), (0.2, 1), (0.4, 1), (0.32, 1), (0.3, 1), (0.05, 0.4), (0.05, 0.32)])
@pytest.mark.parametrize("shape", [(375, 500), (640, 427), (32, 32)])
def test_boxes_are_distributed_as_torchvisions(scale, shape):
    ours, theirs = drawn(*shape, scale), inception_boxes(*shape, scale, 4000, seed=1)
    for boxes in (ours, theirs):
        assert (boxes[:, 2:] <= np.array(shape)[::-1]).all()
    for quantity in (
        lambda box: (box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1]),
        lambda box: (box[:, 2] - box[:, 0]) / (box[:, 3] - box[:, 1]),
        lambda box: box[:, 0] + box[:, 2],
        lambda box: box[:, 1] + box[:, 3],
    ):
        # 84 comparisons: one of them below a thousandth would be no surprise, one below 1e-4 would.
        assert ks_2samp(quantity(ours), quantity(theirs)).pvalue > 1e-4


def test_an_image_that_no_box_fits_gives_its_middle():
    assert drawn(10, 1000, (0.9, 1.0), draws=1).tolist() == [[493, 0, 506, 10]]


def test_the_central_box_is_the_largest_square():
    assert central_box(10, 14) == (2, 0, 12, 10)
