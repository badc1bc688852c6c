"""Every view of one's own that can be named, and that of the examples: the laws of `OwnView`."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from headrace.shards.base.rng import generator
from headrace.trainers.samples.views.own.base import VIEWS, own_view

ROOT = Path(__file__).parents[2]
NAMES = [*VIEWS.names(), "examples/custom_view/cutout.py:Cutout"]
SIZES = [(1, 1), (1, 300), (300, 1), (2, 2), (37, 53), (120, 80)]


def examples(name):
    return VIEWS.load(name, ROOT).examples


CASES = [(name, number) for name in NAMES for number in range(max(len(examples(name)), 1))]


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def view(request):
    name, number = request.param
    if not examples(name):
        pytest.skip(f"'{name}' brings no example: what it stands on is not installed")
    return own_view(name, examples(name)[number], ROOT)


def picture(height, width, channels, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)


def test_a_view_is_a_function_of_the_picture_and_the_generator(view):
    pixels = picture(37, 53, 3)
    first, other = (view(pixels, generator("view", number)) for number in range(2))
    for number in range(3, 6):
        view(picture(20, 20, 3), generator("view", number))
    again = view(pixels, generator("view", 0))
    assert np.array_equal(first, again)
    assert first.dtype == again.dtype
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("channels", [1, 3])
def test_all_pictures_give_one_shape_and_are_left_as_they_are(view, channels):
    shapes = set()
    for number, (height, width) in enumerate(SIZES):
        pixels = picture(height, width, channels)
        before = pixels.copy()
        made = view(pixels, generator("view", number))
        assert np.array_equal(pixels, before)
        assert not np.shares_memory(made, pixels)
        shapes.add((made.shape, made.dtype.str))
    assert len(shapes) == 1


def test_a_view_travels_to_other_processes(view):
    pixels, travelled = picture(37, 53, 3), pickle.loads(pickle.dumps(view))
    assert np.array_equal(view(pixels, generator("view")), travelled(pixels, generator("view")))
