"""The columns of a batch's views, and each sample's slot in them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headrace.shards.format.packed import Empty

from .decode import Decoded
from .drawing import Plan
from .render import Renderer
from .view import View


class Slots:
    """A column for each kind of view, named after it: uint8 (n, count, C, size, size).

    Args:
        views: The kinds.
        samples: n.
        channels: C.
        empty: What allocates columns.
    """

    def __init__(self, views: Sequence[View], samples: int, channels: int, empty: Empty) -> None:
        self.columns: dict[str, NDArray[np.uint8]] = {}
        self._parts: list[tuple[slice, Renderer, NDArray[np.uint8]]] = []
        first = 0
        for view in views:
            column = empty((samples, view.count, channels, view.size, view.size), np.dtype(np.uint8))
            self.columns[view.name] = column
            part = slice(first, first := first + view.count)
            self._parts.append((part, Renderer(view.size, view.interpolation), column))

    def fill(self, row: int, decoded: Decoded, plan: Plan) -> None:
        """Render the views of a sample's plan to their places."""
        for part, render, column in self._parts:
            render(decoded.pixels, decoded.boxes[part], plan[part], column[row])
