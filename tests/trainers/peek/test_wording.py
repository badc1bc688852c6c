import numpy as np

from headrace.trainers.peek.wording import drawn_lines
from headrace.trainers.samples.views.drawing import DRAWN


def drawn(**changes) -> np.void:
    row = np.zeros(1, DRAWN)
    row["box"], row["order"], row["solarize"] = (0, 0, 50, 100), (2, 0, 3, 1), 256
    for name in ("brightness", "contrast", "saturation"):
        row[name] = 1
    for name, value in changes.items():
        row[name] = value
    return row[0]


def words(row: np.void) -> list[str]:
    return [line.replace("\u00a0", " ") for line in drawn_lines(row, (100, 100))]


def test_what_is_not_changed_is_not_told():
    assert words(drawn()) == ["50%"]


def test_the_jitter_is_told_in_the_order_drawn():
    jitter = {"brightness": 1.5, "saturation": 0.25, "hue": -0.001}
    row = drawn(**jitter, flip=True, angle=3, grayscale=True, sigma=1.25, solarize=128)
    assert words(row) == ["50%, flipped, turned 270°", "s 0.25 b 1.50 h +0.00", "grey, blur 1.25, solarised from 128"]


def test_a_tiny_box_is_more_than_nothing():
    assert words(drawn(box=(0, 0, 3, 10))) == ["0.3%"]
    assert words(drawn(box=(0, 0, 1, 1))) == ["<0.1%"]
