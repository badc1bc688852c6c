import numpy as np
import pytest

from headrace.trainers.samples.views.planner import plan
from headrace.trainers.samples.views.render import Renderer
from headrace.trainers.samples.views.view import ColorJitter, GaussianBlur, RandomSolarize, View

BUSY = View(
    count=6,
    size=40,
    horizontal_flip=0.5,
    angles=(0, 90, 180, 270),
    color_jitter=ColorJitter(p=0.8, brightness=0.8, contrast=0.8, saturation=0.8, hue=0.2),
    grayscale=0.3,
    gaussian_blur=GaussianBlur(p=0.5, sigma=(0.1, 2.0)),
    solarize=RandomSolarize(p=0.4),
)


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(2).integers(0, 256, (70, 90, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def drawn():
    return plan([BUSY], 70, 90, np.random.default_rng(3))


def render(pixels, drawn, out=None, renderer=None):
    out = np.empty((len(drawn), 3, BUSY.size, BUSY.size), np.uint8) if out is None else out
    (renderer or Renderer(BUSY.size))(pixels, drawn["box"].astype(np.float64), drawn, out)
    return out


def test_a_view_is_the_same_alone_and_among_others(pixels, drawn):
    together = render(pixels, drawn)
    alone = np.concatenate([render(pixels, drawn[view : view + 1]) for view in range(len(drawn))])
    np.testing.assert_array_equal(together, alone)


def test_a_view_is_the_same_wherever_its_slot_lies(pixels, drawn):
    expected = render(pixels, drawn)
    for shift in (1, 3, 17):
        memory = np.full(expected.size + 64, 9, np.uint8)
        slot = memory[shift : shift + expected.size].reshape(expected.shape)
        np.testing.assert_array_equal(render(pixels, drawn, slot), expected)
        assert (memory[:shift] == 9).all()
        assert (memory[shift + expected.size :] == 9).all()


def test_what_was_rendered_before_leaves_no_trace(pixels, drawn):
    renderer = Renderer(BUSY.size)
    larger = np.random.default_rng(4).integers(0, 256, (300, 200, 3), dtype=np.uint8)
    render(larger, plan([BUSY], 300, 200, np.random.default_rng(5)), renderer=renderer)
    np.testing.assert_array_equal(render(pixels, drawn, renderer=renderer), render(pixels, drawn))


def test_an_image_that_may_not_be_written_is_read(pixels, drawn):
    locked = pixels.copy()
    locked.flags.writeable = False
    np.testing.assert_array_equal(render(locked, drawn), render(pixels, drawn))


@pytest.mark.parametrize("threshold", [0, 1, 128, 255, 256])
def test_pixels_at_the_threshold_or_above_are_inverted(rendered, noise, threshold):
    expected = np.where(noise >= threshold, 255 - noise, noise)
    np.testing.assert_array_equal(rendered(noise, 48, solarize=threshold), expected)


def test_solarize_comes_last(rendered, smooth):
    drawn = {"brightness": 0.6, "sigma": 1.0, "kernel_size": 9}
    before = rendered(smooth, 96, **drawn)
    np.testing.assert_array_equal(
        rendered(smooth, 96, **drawn, solarize=100), np.where(before >= 100, 255 - before, before)
    )


def test_boxes_that_leave_the_image_are_held_in_it(rendered, noise):
    inside = rendered(noise, 40, (30, 0, 48, 48))
    np.testing.assert_array_equal(rendered(noise, 40, (30, -5, 50, 48.3)), inside)
    assert rendered(noise, 40, (90, 90, 90, 90)).shape == (40, 40, 3)


def test_shapes_that_do_not_belong_together_are_refused(pixels, drawn):
    boxes, out = drawn["box"].astype(np.float64), np.empty((len(drawn), 3, 40, 40), np.uint8)
    renderer = Renderer(40)
    for wrong in [
        (pixels, boxes[1:], drawn, out),
        (pixels, boxes, drawn, out[1:]),
        (pixels[..., :1], boxes, drawn, out),
        (pixels, boxes, drawn[:0], out),
        (pixels, boxes, drawn, np.empty((len(drawn), 40, 40, 3), np.uint8).transpose(0, 3, 1, 2)),
    ]:
        with pytest.raises(ValueError, match="takes boxes of shape"):
            renderer(*wrong)
