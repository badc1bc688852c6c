from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from headrace.trainers.samples.views.device import plan_bytes, render_batch
from headrace.trainers.samples.views.drawing import DRAWN, only_cut
from headrace.trainers.samples.views.planner import plan
from headrace.trainers.samples.views.render import Renderer
from headrace.trainers.samples.views.view import ColorJitter, GaussianBlur, RandomSolarize, View

SIZE = 24
SIDES = ((60, 80), (70, 40), (20, 20), (9, 100), (1, 30))
TALLEST, WIDEST = 70, 100
MOVED = View(count=6, size=SIZE, horizontal_flip=0.5, angles=(0, 90, 180, 270))
COLOURED = replace(
    MOVED,
    color_jitter=ColorJitter(p=0.8, brightness=0.8, contrast=0.8, saturation=0.8, hue=0.2),
    grayscale=0.2,
)
BLURRED = replace(COLOURED, gaussian_blur=GaussianBlur(p=0.5, sigma=(0.1, 9.0)))


class Batch:
    """Images of several sizes with their plans."""

    def __init__(self, *views, channels=3, sides=SIDES):
        rng = np.random.default_rng(0)
        self.images = [photo(rng, *side, channels) for side in sides]
        self.plans = np.stack([plan(views, *side, rng) for side in sides])
        self.boxes = self.plans["box"].astype(np.float64)

    def padded(self, filling=77):
        batch = np.full((len(self.images), self.images[0].shape[2], TALLEST, WIDEST), filling, np.uint8)
        for slot, image in zip(batch, self.images, strict=True):
            slot[:, : image.shape[0], : image.shape[1]] = image.transpose(2, 0, 1)
        return torch.from_numpy(batch)

    def tensors(self, filling=77):
        return self.padded(filling), torch.from_numpy(self.boxes), plan_bytes(self.plans)

    def rendered(self, interpolation="bicubic"):
        """By the kernels, one image after the other."""
        channels = self.images[0].shape[2]
        out = np.empty((*self.plans.shape, channels, SIZE, SIZE), np.uint8)
        renderer = Renderer(SIZE, interpolation)
        for slot, image, boxes, rows in zip(out, self.images, self.boxes, self.plans, strict=True):
            renderer(np.ascontiguousarray(image), boxes, rows, slot)
        return out


def photo(rng, height, width, channels):
    """Smooth surfaces, edges and noise."""
    coarse = rng.integers(0, 256, (height // 8 + 2, width // 8 + 2, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((width, height)), int)
    return np.clip(smooth + rng.integers(-20, 20, smooth.shape), 0, 255).astype(np.uint8)[..., :channels]


def assert_equal_but_for_rounding(found, expected, share):
    off = np.abs(np.asarray(found).astype(int) - np.asarray(expected))
    assert off.max() <= 1
    assert (off > 0).mean() < share


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_views_are_cut_and_resized_bit_for_bit_as_by_the_kernels(interpolation, channels):
    batch = Batch(MOVED, channels=channels)
    found = render_batch(*batch.tensors(), size=SIZE, interpolation=interpolation)
    assert np.array_equal(found, batch.rendered(interpolation))


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_boxes_between_pixels_and_beyond_the_edges(interpolation):
    batch = Batch(MOVED, sides=[(TALLEST, WIDEST)])
    batch.boxes[0] = (
        (0.25, 3.5, 50.125, 38.75),
        (10.5, 10.5, 12, 12),
        (0, 0, 60, 39.5),
        (99.5, 0, 100, 70),
        (-7.5, -3, 40, 30),
        (80, 50, 140, 90.5),
    )
    found = render_batch(*batch.tensors(), size=SIZE, interpolation=interpolation)
    assert np.array_equal(found, batch.rendered(interpolation))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("view", "share"), [(COLOURED, 0.001), (BLURRED, 0.02)])
def test_colours_and_blur_are_those_of_the_kernels_but_for_rounding(view, share, channels):
    batch = Batch(view, channels=channels)
    found = render_batch(*batch.tensors(), size=SIZE, interpolation="bicubic")
    assert_equal_but_for_rounding(found, batch.rendered(), share)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("angle", range(4))
def test_a_view_as_large_as_its_box_is_moved_exactly(angle, flip):
    image, found = _changed(flip=flip, angle=angle)
    assert np.array_equal(found, np.rot90(image[:, ::-1] if flip else image, angle))


@pytest.mark.parametrize("threshold", [0, 128, 255, 256])
def test_solarising_inverts_from_the_threshold_on(threshold):
    image, found = _changed(solarize=threshold)
    assert np.array_equal(found, np.where(image >= threshold, 255 - image, image))


def _changed(**drawn):
    """An image that is only moved or solarised, and what becomes of it."""
    batch = Batch(View(), sides=[(SIZE, SIZE)])
    batch.plans[:] = np.array(only_cut((0, 0, SIZE, SIZE)), DRAWN)
    batch.boxes = batch.plans["box"].astype(np.float64)
    for name, value in drawn.items():
        batch.plans[name] = value
    found = render_batch(*batch.tensors(), size=SIZE, interpolation="bicubic")
    return batch.images[0], found[0, 0].permute(1, 2, 0).numpy()


def test_what_fills_up_a_batch_is_never_seen():
    batch = Batch(BLURRED)
    dark, bright = (render_batch(*batch.tensors(filling), size=SIZE, interpolation="bicubic") for filling in (0, 255))
    assert torch.equal(dark, bright)


def test_chunks_change_nothing_but_rounding():
    tensors = Batch(BLURRED).tensors()
    whole, one_by_one = (
        render_batch(*tensors, size=SIZE, interpolation="bicubic", memory=memory) for memory in (1 << 30, 1)
    )
    assert_equal_but_for_rounding(whole, one_by_one, 0.001)


def test_nothing_waits_for_the_device():
    """Tensors without data cannot be asked for any."""
    images = torch.empty((2, 3, 50, 60), dtype=torch.uint8, device="meta")
    boxes = torch.empty((2, 3, 4), dtype=torch.float64, device="meta")
    plans = torch.empty((2, 3, DRAWN.itemsize), dtype=torch.uint8, device="meta")
    assert render_batch(images, boxes, plans, size=16, interpolation="bicubic").shape == (2, 3, 3, 16, 16)


def test_it_is_one_graph_for_the_compiler():
    tensors = Batch(BLURRED, View(solarize=RandomSolarize(p=0.5))).tensors()
    compiled = torch.compile(render_batch, fullgraph=True, backend="eager")
    expected = render_batch(*tensors, size=SIZE, interpolation="bicubic")
    assert torch.equal(compiled(*tensors, size=SIZE, interpolation="bicubic"), expected)
