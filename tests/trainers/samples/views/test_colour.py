import colorsys
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

LUMA = np.array([0.299, 0.587, 0.114])
factors = st.floats(0, 2, width=32)


def blended(image, toward, factor):
    return np.clip(toward + (image - toward) * factor, 0, 255)


def jittered(pixels, order, brightness, contrast, saturation, hue):
    """By the definition, in float64, rounded at the end."""
    image = pixels.astype(np.float64)
    for step in order:
        if step == 0:
            image = blended(image, 0, brightness)
        elif step == 1:
            image = blended(image, (image @ LUMA).mean(), contrast)
        elif step == 2:
            image = blended(image, (image @ LUMA)[..., None], saturation)
        else:
            turned = [
                colorsys.hsv_to_rgb((h + hue) % 1, s, v)
                for h, s, v in (colorsys.rgb_to_hsv(*pixel) for pixel in image.reshape(-1, 3) / 255)
            ]
            image = np.array(turned).reshape(image.shape) * 255
    return image


@settings(max_examples=40, deadline=None)
@given(order=st.permutations(range(4)), b=factors, c=factors, s=factors, h=st.floats(-0.5, 0.5, width=32))
def test_jitter_in_any_order_is_that_of_the_definition(rendered, noise, order, b, c, s, h):
    pixels = np.ascontiguousarray(noise[:36, :36])
    found = rendered(pixels, 36, order=order, brightness=b, contrast=c, saturation=s, hue=h)
    assert np.abs(found - jittered(pixels, order, b, c, s, h)).max() < 0.6


def enhanced(image, step, drawn):
    if step < 3:
        kind = (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color)[step]
        return kind(image).enhance(drawn[step])
    hue, saturation, value = image.convert("HSV").split()
    # As torchvision does it.
    turned = Image.fromarray((np.asarray(hue) + np.int32(drawn[3] * 255).astype(np.uint8)).astype(np.uint8))
    return Image.merge("HSV", (turned, saturation, value)).convert("RGB")


@pytest.mark.parametrize(
    ("step", "name", "factor", "most"),
    [
        (0, "brightness", 0.6, 1),
        (0, "brightness", 1.5, 1),
        (1, "contrast", 0.6, 1),
        (1, "contrast", 1.7, 2),
        (2, "saturation", 0.4, 1),
        (2, "saturation", 1.8, 2),
        (3, "hue", 0.2, 9),
        (3, "hue", -0.1, 9),
    ],
)
def test_each_step_is_as_near_to_pillows_as_its_rounding(rendered, smooth, step, name, factor, most):
    drawn = [1.0, 1.0, 1.0, 0.0]
    drawn[step] = factor
    expected = np.asarray(enhanced(Image.fromarray(smooth), step, drawn)).astype(int)
    difference = np.abs(rendered(smooth, 96, **{name: factor}) - expected)
    assert difference.max() <= most
    assert difference.mean() <= (2 if name == "hue" else 1)


def test_the_order_of_the_steps_matters(rendered, smooth):
    drawn = {"brightness": 1.5, "contrast": 1.6, "saturation": 1.4, "hue": 0.3}
    made = {rendered(smooth, 96, order=order, **drawn).tobytes() for order in permutations(range(4))}
    assert len(made) > 12


def test_grey_is_the_luma_of_pillow_in_all_channels(rendered, noise):
    found = rendered(noise, 48, grayscale=True)
    assert (found == found[..., :1]).all()
    assert np.abs(found[..., 0].astype(int) - np.asarray(Image.fromarray(noise).convert("L"))).max() <= 1


def test_a_single_channel_is_jittered_in_what_it_has(rendered, noise):
    grey = np.ascontiguousarray(noise[..., :1])
    drawn = {"brightness": 0.7, "contrast": 1.3}
    found = rendered(grey, 48, **drawn, saturation=0.2, hue=0.4, grayscale=True)
    expected = grey * np.float64(0.7)
    expected = blended(expected, expected.mean(), 1.3)
    assert np.abs(found - expected).max() < 0.6


def test_the_mean_of_contrast_is_that_of_the_pixels_shown(rendered):
    """Sizes that fill no whole vector are padded within, and the padding must not count."""
    for size in (5, 33, 40):
        np.testing.assert_array_equal(rendered(np.full((50, 50, 3), 90, np.uint8), size, contrast=0.0), 90)
