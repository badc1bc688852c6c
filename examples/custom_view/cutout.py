"""A view in one file: a crop that keeps its colours, with a hole (DeVries and Taylor 2017, arXiv 1708.04552)."""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from headrace.trainers.samples.views.own.base import OwnView
from headrace.trainers.samples.views.planner import plan
from headrace.trainers.samples.views.render import Renderer
from headrace.trainers.samples.views.view import View


@dataclass(frozen=True, kw_only=True)
class Cutout(OwnView):
    """A random crop of which a square is black.

    Args:
        size: Pixels a side.
        hole: Side of the square, as a share of the view's. Its centre is uniform, so part of it may lie outside.
    """

    name: str = "cutout"
    size: Annotated[int, Field(ge=1)] = 224
    hole: Annotated[float, Field(ge=0, le=1)] = 0.5

    examples = ({"size": 32}, {"size": 48, "hole": 1.0, "count": 2})

    def __call__(self, pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[Any]:
        """See `OwnView`."""
        height, width, channels = pixels.shape
        drawn = plan([View(size=self.size, scale=(0.2, 1.0), horizontal_flip=0.5)], height, width, rng)
        views = np.empty((1, channels, self.size, self.size), np.uint8)
        Renderer(self.size)(pixels, drawn["box"].astype(np.float64), drawn, views)
        side = round(self.hole * self.size)
        top, left = rng.integers(0, self.size, 2) - side // 2
        views[0, :, max(top, 0) : max(top + side, 0), max(left, 0) : max(left + side, 0)] = 0
        return views[0]
