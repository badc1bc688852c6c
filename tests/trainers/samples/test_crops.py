import numpy as np
from PIL import Image

from headrace.trainers.samples.crops import resized, with_channels


def test_resizing_is_pillows_bicubic():
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    expected = Image.fromarray(image).crop((5, 2, 25, 18)).resize((8, 8), Image.Resampling.BICUBIC)
    assert (resized(image, 8, (5, 2, 25, 18)) == np.asarray(expected)).all()
    assert resized(image[..., :1], 8).shape == (8, 8, 1)


def test_grey_and_colour():
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert (with_channels(grey, 3) == grey[..., None]).all()
    assert with_channels(with_channels(grey, 3), 1).tolist() == grey[..., None].tolist()
    red = np.zeros((2, 2, 3), np.uint8)
    red[..., 0] = 255
    assert with_channels(red, 1)[0, 0, 0] == 76  # .299 * 255
