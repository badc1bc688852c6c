"""Views that are rendered where the network is: workers plan and decode, and the device does the rest.

transform = DeferredViews("dino")
for batch in Stream("shards/photos", transform=transform).loader(256, num_workers=4, pin_memory=True):
    batch = transform.rendered({name: batch[name].to("cuda", non_blocking=True) for name in COLUMNS})
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from headrace.shards.format.packed import Empty

from .decode import Decoded
from .device import render_batch
from .drawing import DRAWN, Plan
from .image_views import ImageViews

COLUMNS = ("pixels", "boxes", "plan")
"""What is moved to the device."""


class Deferred:
    """What the device needs of n samples, as columns: the arguments of `render_batch`.

    Args:
        samples: n.
        empty: What allocates columns.
    """

    def __init__(self, samples: int, empty: Empty) -> None:
        self._empty = empty
        self._samples: list[tuple[Decoded, Plan] | None] = [None] * samples

    def fill(self, row: int, decoded: Decoded, plan: Plan) -> None:
        """Take the picture and the plan of a sample."""
        self._samples[row] = decoded, plan

    @property
    def columns(self) -> dict[str, NDArray[Any]]:
        """`pixels` uint8 (n, C, H, W), boxes float64 (n, views, 4) and plan uint8 (n, views, `DRAWN.itemsize`).

        Pictures are padded at the right and the bottom with what happens to be there.
        """
        samples = [each for each in self._samples if each is not None]
        shapes = np.array([decoded.pixels.shape for decoded, _ in samples])
        height, width, channels = shapes.max(0).tolist()
        views = len(samples[0][1])
        pixels = self._empty((len(samples), channels, height, width), np.dtype(np.uint8))
        boxes = self._empty((len(samples), views, 4), np.dtype(np.float64))
        plans = self._empty((len(samples), views, DRAWN.itemsize), np.dtype(np.uint8))
        for row, (decoded, plan) in enumerate(samples):
            pixels[row, :, : shapes[row, 0], : shapes[row, 1]] = decoded.pixels.transpose(2, 0, 1)
            boxes[row] = decoded.boxes
            plans[row] = plan.view(np.uint8).reshape(views, -1)
        return dict(zip(COLUMNS, (pixels, boxes, plans), strict=True))


class DeferredViews(ImageViews):
    """`ImageViews` of which workers only plan and decode; `rendered` does the rest. The arguments are the same."""

    def _slots(self, samples: int, empty: Empty) -> Deferred:
        return Deferred(samples, empty)

    def _kept(self, made: dict[str, Any]) -> None:
        """Nothing: a batch's largest picture is the measure of all, and may be another one then."""

    def rendered(self, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """A batch with its views, as `ImageViews` gives it but for rounding (see `render_batch`).

        Args:
            batch: With the columns of `Deferred`, on the device that is to render; all other columns are kept.
        """
        pixels, boxes, plans = (batch[name] for name in COLUMNS)
        made, first = {name: column for name, column in batch.items() if name not in COLUMNS}, 0
        for view in self.planned:
            part = slice(first, first := first + view.count)
            made[view.name] = render_batch(
                pixels, boxes[:, part], plans[:, part], size=view.size, interpolation=view.interpolation
            )
        return made
