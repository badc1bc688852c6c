import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from headrace.shards.base.kernels import lowering
from headrace.shards.base.kernels.machine_code import MachineCode
from headrace.trainers.samples.views import four_instructions, render

FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def resized(pixels, size, box, interpolation):
    """By Pillow, along the rows first, as all its versions before 13 do with any image."""
    left, top, right, bottom = box
    hull = (math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom))
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).crop(hull)
    squeezed = image.resize(
        (size, image.height), FILTERS[interpolation], (left - hull[0], 0, right - hull[0], image.height)
    )
    both = squeezed.resize((size, size), FILTERS[interpolation], (0, top - hull[1], size, bottom - hull[1]))
    return np.asarray(both).reshape(size, size, pixels.shape[2])


@st.composite
def spans(draw, whole):
    length = draw(st.integers(1, 90))
    low = draw(st.integers(0, length - 1))
    high = draw(st.integers(low + 1, length))
    if whole:
        return length, low, high
    # Pillow takes its boxes in float32.
    return length, low + draw(st.integers(0, 3)) / 8, high - draw(st.integers(0, 3)) / 8


@settings(max_examples=150, deadline=None)
@given(
    data=st.data(),
    size=st.sampled_from([1, 7, 31, 32, 33, 48]),
    channels=st.sampled_from([1, 3]),
    whole=st.booleans(),
    interpolation=st.sampled_from(sorted(FILTERS)),
    flip=st.booleans(),
    angle=st.integers(0, 3),
)
def test_a_cut_is_resized_mirrored_and_turned_as_by_pillow(
    rendered, data, size, channels, whole, interpolation, flip, angle
):
    (width, left, right), (height, top, bottom) = data.draw(spans(whole)), data.draw(spans(whole))
    pixels = np.random.default_rng(width * height).integers(0, 256, (height, width, channels), dtype=np.uint8)
    box = left, top, right, bottom
    expected = resized(pixels, size, box, interpolation)
    expected = np.rot90(expected[:, ::-1] if flip else expected, angle)
    found = rendered(pixels, size, box, interpolation, flip=flip, angle=angle)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("interpolation", sorted(FILTERS))
def test_crops_of_the_usual_shapes_are_those_of_pillow_itself(rendered, interpolation):
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (427, 640, 3), dtype=np.uint8)
    for box in [(0, 0, 427, 427), (100, 50, 500, 400), (31, 7, 190, 160)]:
        expected = np.asarray(Image.fromarray(pixels).crop(box).resize((224, 224), FILTERS[interpolation]))
        np.testing.assert_array_equal(rendered(pixels, 224, box, interpolation), expected)


def test_what_lies_beside_a_cut_is_not_let_in(rendered):
    pixels = np.full((60, 60, 3), 255, np.uint8)
    pixels[20:40, 20:40] = 10
    np.testing.assert_array_equal(rendered(pixels, 64, (20, 20, 40, 40)), np.full((64, 64, 3), 10))


@pytest.mark.parametrize("shape", [(1, 5000), (5000, 1), (2, 2), (1, 1)])
def test_the_narrowest_images_are_rendered(rendered, shape):
    pixels = np.full((*shape, 3), 200, np.uint8)
    np.testing.assert_array_equal(rendered(pixels, 40), np.full((40, 40, 3), 200))


@pytest.fixture
def without_products_of_bytes(monkeypatch):
    """Rendering as it is compiled for a processor that does not multiply bytes."""
    monkeypatch.setattr(four_instructions, "multiplies_bytes", lambda target: False)
    lowering._inlined.cache_clear()
    kernel = render.render
    code = MachineCode(kernel.name, kernel.signature, lowering.compile_kernel(kernel.function, kernel.signature))
    monkeypatch.setattr(render, "render", code)
    yield
    lowering._inlined.cache_clear()


@pytest.mark.slow
@pytest.mark.usefixtures("without_products_of_bytes")
def test_every_processor_makes_the_same(rendered):
    for interpolation in sorted(FILTERS):
        test_crops_of_the_usual_shapes_are_those_of_pillow_itself(rendered, interpolation)
