"""The pictures of a batch as views: planned first, decoded once, each view rendered to where it is delivered.

    Stream("shards/photos", transform=ImageViews("simclr")).loader(256, num_workers=4)

From a sample's generator the numbers of all its views are taken first (see `planner`), then those of what is drawn
beside them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.generators import Generators
from headrace.shards.format.packed import Empty
from headrace.shards.format.spent import spent
from headrace.shards.stream.delivery.collate import collate
from headrace.shards.stream.sources.columns import Sample
from headrace.shards.stream.sources.transforms import BatchTransform

from .choice import views_of
from .decode import decode
from .pictures import EXTENSIONS, picture_of
from .planner import Planner
from .refusals import Refusals
from .render import Renderer
from .view import View

Beside = Callable[[np.random.Generator], Mapping[str, NDArray[Any]]]
"""Draws what a sample has beside its views, such as masks: arrays of fixed shapes and dtypes, by name."""


_ALL = 1 << 30
"""A size that no picture is reduced for."""


class ImageViews(BatchTransform):
    """A transform for streams: of each picture its views, a column for each kind, and what is drawn beside them.

    The column of a kind of view bears its name, and is uint8 (n, count, C, size, size). A picture that cannot be used
    is refused, and so replaced by the stream.

    Args:
        views: A preset's name, a mapping of it and changes, or `View`s; see `views_of`.
        fields: Under which a sample may have its picture; the first that it has counts.
        channels: 1 for grey, 3 for red, green and blue.
        beside: What else is drawn for a sample; its arrays become further columns.

    Raises:
        UsageError: These are no views.
    """

    encoded = EXTENSIONS

    def __init__(
        self,
        views: Any = "simclr",
        *,
        fields: Sequence[str] = EXTENSIONS,
        channels: Literal[1, 3] = 3,
        beside: Beside | None = None,
    ) -> None:
        self.views = views_of(views)
        self._fields, self._channels, self._beside = tuple(fields), channels, beside
        self._rendered = [view for view in self.views if isinstance(view, View)]
        self._own = [view for view in self.views if not isinstance(view, View)]
        self._planner = Planner(self._rendered)
        counts = [view.count for view in self._rendered]
        self._ends = np.cumsum(counts).tolist()
        # Views of one's own are given the whole picture.
        self._sizes = np.repeat([_ALL if self._own else view.size for view in self._rendered], counts)

    def __call__(self, samples: Sequence[Sample], rngs: Generators, empty: Empty) -> dict[str, Any]:
        """See `BatchTransform`."""
        refusals, pictures = Refusals(samples), []
        for row in refusals:
            with refusals:
                pictures.append(picture_of(samples[row], self._fields))
        refusals.settle()
        plans = self._planner([each.header.upright_size for each in pictures], rngs.random(self._planner.numbers))
        columns = {
            view.name: empty((len(samples), view.count, self._channels, view.size, view.size), np.dtype(np.uint8))
            for view in self._rendered
        }
        # Made anew each time, since threads must not share their scratch space.
        renderers = [Renderer(view.size, view.interpolation) for view in self._rendered]
        others: list[dict[str, NDArray[Any]]] = []
        for row in refusals:
            with refusals:
                with spent("decode"):
                    decoded = decode(*pictures[row], plans[row]["box"], self._sizes, self._channels)
                first = 0
                for column, end, render in zip(columns.values(), self._ends, renderers, strict=True):
                    render(decoded.pixels, decoded.boxes[first:end], plans[row, first:end], column[row])
                    first = end
                if self._own or self._beside:
                    others.append(self._others(decoded.pixels, rngs[row]))
        refusals.settle()
        return {**columns, **(collate(others, empty=empty) if others else {})}

    def _others(self, pixels: NDArray[np.uint8], rng: np.random.Generator) -> dict[str, NDArray[Any]]:
        """What is not rendered: views of one's own, and what is drawn beside them."""
        made = {view.name: np.stack([view(pixels, _own(rng)) for _ in range(view.count)]) for view in self._own}
        return {**made, **(self._beside(rng) if self._beside else {})}


def _own(rng: np.random.Generator) -> np.random.Generator:
    """A view's own generator, so that however much it draws, no other view becomes another."""
    return np.random.Generator(np.random.Philox(key=rng.integers(2**64, size=2, dtype=np.uint64)))
