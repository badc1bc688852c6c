import io

import numpy as np
import pytest
from PIL import Image

from headrace.trainers.samples.views.central import central_view
from headrace.trainers.samples.views.pictures import picture_of

FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def png(image):
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return {"png": stream.getvalue()}


@pytest.mark.parametrize("interpolation", FILTERS)
@pytest.mark.parametrize("size", [(40, 31), (31, 40), (12, 12), (3, 9)])
def test_it_is_pillows_central_square(size, interpolation):
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    side = min(size)
    top, left = (size[0] - side) // 2, (size[1] - side) // 2
    square = Image.fromarray(pixels[top : top + side, left : left + side])
    expected = np.asarray(square.resize((12, 12), FILTERS[interpolation])).transpose(2, 0, 1)
    assert np.array_equal(central_view(picture_of(png(Image.fromarray(pixels))), 12, 3, interpolation), expected)


def test_colours_become_grey_and_grey_becomes_colour():
    red = Image.new("RGB", (2, 2), (255, 0, 0))
    assert central_view(picture_of(png(red)), 2, 1).tolist() == [[[76, 76], [76, 76]]]  # .299 * 255
    grey = Image.new("L", (2, 2), 9)
    assert (central_view(picture_of(png(grey)), 2, 3) == 9).all()
    assert central_view(picture_of(png(grey)), 2, 3).shape == (3, 2, 2)
