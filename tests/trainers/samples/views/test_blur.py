import numpy as np
import pytest
from PIL import Image, ImageFilter


def blurred(pixels, sigma, kernel_size):
    """As torchvision's definition has it: separable, in float, the edges mirrored."""
    radius = kernel_size // 2
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    weights /= weights.sum()
    image = np.pad(pixels.astype(np.float64), ((radius, radius), (radius, radius), (0, 0)), "reflect")
    rows = sum(weight * image[:, tap : tap + pixels.shape[1]] for tap, weight in enumerate(weights))
    return sum(weight * rows[tap : tap + pixels.shape[0]] for tap, weight in enumerate(weights))


@pytest.mark.parametrize(("sigma", "kernel_size"), [(0.1, 3), (0.3, 23), (0.8, 3), (1.0, 9), (2.0, 23), (5.0, 41)])
@pytest.mark.parametrize("size", [48, 45])
def test_blur_is_that_of_the_definition(rendered, noise, sigma, kernel_size, size):
    pixels = np.ascontiguousarray(noise[:size, :size])
    found = rendered(pixels, size, sigma=sigma, kernel_size=kernel_size)
    assert np.abs(found - blurred(pixels, sigma, kernel_size)).max() < 0.75


def test_photographs_are_blurred_as_nearly_as_by_pillow(rendered, smooth):
    expected = np.asarray(Image.fromarray(smooth).filter(ImageFilter.GaussianBlur(1.5))).astype(int)
    difference = np.abs(rendered(smooth, 96, sigma=1.5, kernel_size=23) - expected)[10:-10, 10:-10]
    assert difference.mean() < 1
    assert difference.max() <= 4


@pytest.mark.parametrize("level", [0, 1, 128, 254, 255])
def test_an_even_surface_stays_as_it_is(rendered, level):
    pixels = np.full((40, 40, 3), level, np.uint8)
    for sigma, kernel_size in [(0.05, 3), (1.7, 23), (9.0, 73)]:
        np.testing.assert_array_equal(rendered(pixels, 40, sigma=sigma, kernel_size=kernel_size), pixels)


def test_a_kernel_wider_than_the_view_reaches_to_its_edges(rendered, noise):
    for size in (1, 2, 3):
        pixels = np.ascontiguousarray(noise[:size, :size])
        assert rendered(pixels, size, sigma=2.0, kernel_size=23).shape == (size, size, 3)
