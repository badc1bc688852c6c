"""Everything random of the views of many samples, drawn in one call, before any pixel is known.

Each view takes `NUMBERS` numbers uniform in [0, 1), and each operation of it always the same ones among them: so what
is changed in a recipe changes that operation alone, and no other one of the same view or of another.
"""

import math
from collections.abc import Sequence
from itertools import permutations
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headrace.shards.base.kernels import types
from headrace.shards.base.kernels.compile import device, kernel, reads, writes

from .boxes import RANDOM_BOX_NUMBERS, random_box
from .drawing import (
    ANGLE,
    BOX,
    DRAWN,
    FACTORS,
    FLIP,
    GRAYSCALE,
    KERNEL_SIZE,
    NOT_SOLARIZED,
    ORDER,
    ROW,
    SIGMA,
    SOLARIZE,
    Plan,
)
from .settings import ANGLES, SETTING, settings_of
from .view import View

Floats = NDArray[np.float64]


class _Uniforms(NamedTuple):
    """The numbers that a view has to itself, by what they decide."""

    flip: int
    angle: int
    jitter: int
    order: int
    factors: int  # three
    hue: int
    grayscale: int
    blur: int
    sigma: int
    solarize: int
    box: int  # `RANDOM_BOX_NUMBERS`


_UNIFORM = _Uniforms(0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 12)

NUMBERS = _UNIFORM.box + RANDOM_BOX_NUMBERS
"""How many uniform numbers a view has to itself."""

_ORDERS = np.array(list(permutations(range(4))), np.uint8)


class Planner:
    """Draws the views of samples.

    Args:
        views: The kinds, in their order; a sample has each as often as it counts.
    """

    def __init__(self, views: Sequence[View]) -> None:
        kinds = [view for view in views for _ in range(view.count)]
        most = max((len(view.angles) for view in kinds), default=0)
        self._settings = np.array([settings_of(view, most) for view in kinds]).reshape(len(kinds), ANGLES + most)
        self.numbers = len(kinds) * NUMBERS

    def __call__(self, sizes: ArrayLike, uniforms: Floats) -> Plan:
        """Draw the views of n samples.

        Args:
            sizes: (n, 2): height and width of each upright full-size image, in pixels, at least 1.
            uniforms: Contiguous float64 (n, `numbers`), uniform in [0, 1).

        Returns:
            (n, views) of `DRAWN`.

        Raises:
            ValueError: The shapes do not belong together, or an image has no pixels.
        """
        shapes = np.ascontiguousarray(sizes, np.int64)
        if shapes.shape != (len(uniforms), 2) or uniforms.shape[1:] != (self.numbers,) or (shapes < 1).any():
            raise ValueError(
                f"views of n images are drawn from n heights and widths of at least 1 and from (n, {self.numbers}) "
                f"numbers, not from {shapes.shape} and {uniforms.shape}"
            )
        plan = np.zeros((len(shapes), len(self._settings)), DRAWN)
        draw(self._settings, shapes, uniforms, plan.view(np.uint8).reshape(-1))
        return plan


def plan(views: Sequence[View], height: int, width: int, rng: np.random.Generator) -> Plan:
    """All views of one image.

    Args:
        views: The kinds, in their order.
        height: Of the upright full-size image, in pixels.
        width: Likewise.
        rng: The sample's own generator; each view has its own place in its numbers, whatever the others draw.

    Returns:
        (views,) of `DRAWN`.
    """
    planner = Planner(views)
    drawn: Plan = planner([(height, width)], rng.random((1, planner.numbers)))[0]
    return drawn


@kernel(types.void(reads(types.float64, 2), reads(types.int64, 2), reads(types.float64, 2), writes(types.uint8)))
def draw(settings: Floats, sizes: NDArray[np.int64], uniforms: Floats, plan: NDArray[np.uint8]) -> None:
    """Draw views; `Planner` makes the arguments."""
    for sample in range(len(sizes)):
        for view in range(len(settings)):
            first = (sample * len(settings) + view) * ROW
            numbers = uniforms[sample, view * NUMBERS : (view + 1) * NUMBERS]
            row = plan[first : first + ROW]
            _draw_colours(settings[view], numbers, row)
            _draw_geometry(settings[view], sizes[sample, 0], sizes[sample, 1], numbers, row)


@device
def _draw_geometry(setting: Floats, height: int, width: int, numbers: Floats, row: NDArray[np.uint8]) -> None:
    row[FLIP] = numbers[_UNIFORM.flip] < setting[SETTING.flip]
    row[ANGLE] = setting[ANGLES + int(numbers[_UNIFORM.angle] * setting[SETTING.angles])]
    box = random_box(height, width, numbers[_UNIFORM.box :], setting[SETTING.scale :], setting[SETTING.log_ratio :])
    place = row.view(np.int32)[BOX : BOX + 4]
    place[0], place[1], place[2], place[3] = box


@device
def _draw_colours(setting: Floats, numbers: Floats, row: NDArray[np.uint8]) -> None:
    ints, floats = row.view(np.int32), row.view(np.float32)
    jittered = numbers[_UNIFORM.jitter] < setting[SETTING.jitter]
    order = _ORDERS[int(numbers[_UNIFORM.order] * len(_ORDERS)) if jittered else 0]
    for step in range(4):
        row[ORDER + step] = order[step]
    for factor in range(3):
        least, above = setting[SETTING.brightness + 2 * factor], setting[SETTING.brightness + 2 * factor + 1]
        floats[FACTORS + factor] = least + above * numbers[_UNIFORM.factors + factor] if jittered else 1.0
    floats[FACTORS + 3] = setting[SETTING.hue] * (2 * numbers[_UNIFORM.hue] - 1) if jittered else 0.0
    row[GRAYSCALE] = numbers[_UNIFORM.grayscale] < setting[SETTING.grayscale]
    blurred = numbers[_UNIFORM.blur] < setting[SETTING.blur]
    sigma = setting[SETTING.sigma] + setting[SETTING.sigma_range] * numbers[_UNIFORM.sigma]
    kernel_size = setting[SETTING.kernel_size] or 2 * math.ceil(4 * sigma) + 1
    floats[SIGMA], ints[KERNEL_SIZE] = (sigma, kernel_size) if blurred else (0.0, 1)
    solarized = numbers[_UNIFORM.solarize] < setting[SETTING.solarize]
    ints[SOLARIZE] = setting[SETTING.threshold] if solarized else NOT_SOLARIZED
