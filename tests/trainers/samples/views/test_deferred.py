"""Views that the device renders: those of the workers but for rounding, with all that comes beside them."""

import io
import pickle

import numpy as np
import pytest
import torch
from PIL import Image

from headrace.shards.base.generators import Generators
from headrace.trainers.samples.views.deferred import COLUMNS, DeferredViews
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


def beside(rng):
    return {"number": rng.integers(0, 99, 3)}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("views", ["simclr_cifar", "mae", SMALL], ids=["simclr_cifar", "mae", "several kinds"])
def test_the_device_renders_what_workers_would(views, channels):
    settings = {"views": views, "channels": channels, "beside": beside}
    expected = ImageViews(**settings)(samples(), rngs(9), np.empty)
    deferred = pickle.loads(pickle.dumps(DeferredViews(**settings)))
    columns = deferred(samples(), rngs(9), np.empty)
    found = deferred.rendered({name: torch.from_numpy(column) for name, column in columns.items()})
    assert found.keys() == expected.keys()
    assert np.array_equal(found["number"].numpy(), expected["number"])
    for view in deferred.planned:
        differences = np.abs(found[view.name].numpy().astype(int) - expected[view.name])
        # A pixel that is rounded the other way may end on the other side of the threshold of solarising.
        assert (differences > 0).mean() < 0.02
        assert (differences > 1).mean() < 0.002


def test_the_slots_of_a_batch_do_not_matter():
    some = samples()
    deferred = DeferredViews(SMALL)
    whole, part = deferred(some, rngs(9), np.empty), deferred(some[:2], rngs(2), np.empty)
    assert np.array_equal(whole["boxes"][:2], part["boxes"])
    assert np.array_equal(whole["plan"][:2], part["plan"])
    height, width = part["pixels"].shape[2:]
    made, again = (
        deferred.rendered({name: torch.from_numpy(columns[name]) for name in COLUMNS}) for columns in (whole, part)
    )
    assert height <= whole["pixels"].shape[2]
    assert width <= whole["pixels"].shape[3]
    for name, column in again.items():
        assert (made[name][:2].int() - column.int()).abs().float().mean() < 0.02
