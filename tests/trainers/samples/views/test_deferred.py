"""Views that the device renders: those of the workers but for rounding, with all that comes beside them."""

import io
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from headrace.shards.base.generators import Generators
from headrace.shards.format.packed import Packed
from headrace.trainers.samples.views.deferred import BOXES, PIXELS, PLAN, DeferredViews, chunks
from headrace.trainers.samples.views.image_views import ImageViews

SMALL = {"preset": "dino", "global_1": {"size": 32}, "global_2": {"size": 32}, "local": {"size": 16, "count": 3}}


def samples(kinds=("JPEG", "PNG", "WEBP")):
    found = []
    for number in range(9):
        rng, stream = np.random.default_rng(number), io.BytesIO()
        height, width = rng.integers(1, 200, 2)
        coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8))
        coarse.resize((int(width), int(height))).save(stream, kinds[number % len(kinds)])
        found.append({"__key__": str(number), "jpg": stream.getvalue()})
    return found


def rngs(count):
    return Generators.of([("test", row) for row in range(count)])


def tensors(columns):
    """As a loader delivers them."""
    found = {name: column for name, column in columns.items() if name != PIXELS}
    pixels = Packed(*map(torch.from_numpy, columns[PIXELS]))
    return {**{name: torch.from_numpy(column) for name, column in found.items()}, PIXELS: pixels}


def beside(sample, rng):
    return {"number": rng.integers(0, 99, 3)}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("views", ["simclr_cifar", "mae", SMALL], ids=["simclr_cifar", "mae", "several kinds"])
def test_the_device_renders_what_workers_would(views, channels):
    settings = {"views": views, "channels": channels, "beside": beside}
    expected = ImageViews(**settings)(samples(), rngs(9), np.empty)
    deferred = pickle.loads(pickle.dumps(DeferredViews(**settings)))
    columns = deferred(samples(), rngs(9), np.empty)
    found = deferred.rendered(tensors(columns), "cpu")
    assert {*found, "number"} == expected.keys()
    assert np.array_equal(columns["number"], expected["number"])
    for view in deferred.planned:
        differences = np.abs(found[view.name].numpy().astype(int) - expected[view.name])
        # A pixel that is rounded the other way may end on the other side of the threshold of solarising.
        assert (differences > 0).mean() < 0.02
        assert (differences > 1).mean() < 0.002


def test_the_slots_of_a_batch_do_not_matter():
    some = samples()
    deferred = DeferredViews(SMALL)
    whole, part = deferred(some, rngs(9), np.empty), deferred(some[:2], rngs(2), np.empty)
    assert np.array_equal(whole[BOXES][:2], part[BOXES])
    assert np.array_equal(whole[PLAN][:2], part[PLAN])
    made, again = (deferred.rendered(tensors(columns), "cpu") for columns in (whole, part))
    for name, column in again.items():
        assert (made[name][:2].int() - column.int()).abs().float().mean() < 0.02


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), min_size=1), st.integers(1, 10_000))
def test_pictures_are_padded_together_within_the_limit(shapes, limit):
    found = list(chunks(shapes, limit))
    assert [row for chunk in found for row in range(len(shapes))[chunk]] == list(range(len(shapes)))
    for chunk in found:
        height, width = (max(sides) for sides in zip(*shapes[chunk], strict=True))
        assert len(shapes[chunk]) == 1 or len(shapes[chunk]) * height * width <= limit


def test_a_wide_picture_beside_a_high_one_takes_no_more_than_both():
    some = samples()[:2]
    for sample, size in zip(some, ((20_000, 1), (1, 20_000)), strict=True):
        stream = io.BytesIO()
        Image.new("RGB", size, (9, 99, 199)).save(stream, "PNG")
        sample["jpg"] = stream.getvalue()
    deferred = DeferredViews("simclr_cifar")
    views = deferred.rendered(tensors(deferred(some, rngs(2), np.empty)), "cpu")["view"]
    expected = torch.from_numpy(ImageViews("simclr_cifar")(some, rngs(2), np.empty)["view"])
    assert (views.int() - expected.int()).abs().max() <= 1


def test_a_batch_of_numpy_is_taken_as_well():
    deferred = DeferredViews("simclr_cifar")
    columns = deferred(samples(), rngs(9), np.empty)
    found, expected = (deferred.rendered(batch, "cpu")["view"] for batch in (columns, tensors(columns)))
    assert torch.equal(found, expected)
