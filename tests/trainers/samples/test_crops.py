import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from headrace.trainers.samples.crops import central_box, flipped, random_box, resized, with_channels


@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 2**32))
def test_a_box_lies_within_the_image(height, width, seed):
    left, top, right, bottom = random_box(height, width, np.random.default_rng(seed), area=(0.2, 1.0))
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height


def test_areas_are_uniform_and_aspects_log_uniform():
    rng = np.random.default_rng(0)
    # No draw is rejected: the largest box, a fifth of the image at an aspect of 4/3, fits.
    boxes = np.array([random_box(1000, 1000, rng, area=(0.1, 0.2)) for _ in range(4000)])
    width, height = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    area, aspect = width * height / 1e6, np.log(width / height)
    assert np.quantile(area, [0.25, 0.5, 0.75]) == pytest.approx([0.125, 0.15, 0.175], abs=0.004)
    assert np.quantile(aspect, [0.25, 0.5, 0.75]) == pytest.approx(np.log(4 / 3) * np.array([-0.5, 0, 0.5]), abs=0.02)
    assert boxes[:, 0].mean() == pytest.approx((1000 - width).mean() / 2, abs=10)


def test_an_image_that_no_box_fits_gives_its_middle():
    assert random_box(10, 1000, np.random.default_rng(0), area=(0.9, 1.0)) == (493, 0, 506, 10)


def test_the_central_box_is_the_largest_square():
    assert central_box(10, 14) == (2, 0, 12, 10)


def test_resizing_is_pillows_bicubic():
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    expected = Image.fromarray(image).crop((5, 2, 25, 18)).resize((8, 8), Image.Resampling.BICUBIC)
    assert (resized(image, 8, (5, 2, 25, 18)) == np.asarray(expected)).all()
    assert resized(image[..., :1], 8).shape == (8, 8, 1)


def test_flipping_mirrors_half_of_the_time():
    image, rng = np.arange(6, dtype=np.uint8).reshape(2, 3), np.random.default_rng(0)
    seen = [flipped(image, rng) for _ in range(1000)]
    mirrored = sum((each == image[:, ::-1]).all() for each in seen)
    assert all((each == image).all() or (each == image[:, ::-1]).all() for each in seen)
    assert 420 < mirrored < 580


def test_grey_and_colour():
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert (with_channels(grey, 3) == grey[..., None]).all()
    assert with_channels(with_channels(grey, 3), 1).tolist() == grey[..., None].tolist()
    red = np.zeros((2, 2, 3), np.uint8)
    red[..., 0] = 255
    assert with_channels(red, 1)[0, 0, 0] == 76  # .299 * 255
