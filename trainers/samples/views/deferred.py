"""Views that are rendered where the network is: workers plan and decode, and the device does the rest.

transform = DeferredViews("dino")
for batch in Stream("shards/photos", transform=transform).loader(256, num_workers=4, pin_memory=True):
    views = transform.rendered(batch, "cuda")
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from headrace.shards.format.packed import Empty, Packed, offsets_of

from .decode import Decoded
from .device import render_batch
from .drawing import DRAWN, Plan
from .image_views import ImageViews

PIXELS, SHAPES, BOXES, PLAN = COLUMNS = ("__pixels__", "__shapes__", "__boxes__", "__plan__")
"""The columns that `rendered` makes views of."""

PADDED = 1 << 26
"""Pixels of pictures that are padded to one size and rendered together, at most, but for a single one."""

Shape = tuple[int, int]


class Deferred:
    """What the device needs of n samples, as columns.

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
    def columns(self) -> dict[str, Any]:
        """The pictures and plans of the samples.

        PIXELS is packed, uint8 (H, W, C) of each; SHAPES int64 (n, 2), H and W; BOXES float64 (n, views, 4);
        PLAN uint8 (n, views, `DRAWN.itemsize`).
        """
        samples = [each for each in self._samples if each is not None]
        views = len(samples[0][1])
        offsets = offsets_of(np.array([decoded.pixels.size for decoded, _ in samples]), self._empty)
        pixels = self._empty((int(offsets[-1]),), np.dtype(np.uint8))
        shapes = self._empty((len(samples), 2), np.dtype(np.int64))
        boxes = self._empty((len(samples), views, 4), np.dtype(np.float64))
        plans = self._empty((len(samples), views, DRAWN.itemsize), np.dtype(np.uint8))
        for row, (decoded, plan) in enumerate(samples):
            pixels[offsets[row] : offsets[row + 1]] = decoded.pixels.reshape(-1)
            shapes[row], boxes[row] = decoded.pixels.shape[:2], decoded.boxes
            plans[row] = plan.view(np.uint8).reshape(views, DRAWN.itemsize)
        return dict(zip(COLUMNS, (Packed(pixels, offsets), shapes, boxes, plans), strict=True))


class DeferredViews(ImageViews):
    """`ImageViews` of which workers only plan and decode; `rendered` does the rest. The arguments are the same."""

    def _slots(self, samples: int, empty: Empty) -> Deferred:
        return Deferred(samples, empty)

    def _kept(self, made: dict[str, Any]) -> None:
        """Nothing: the pictures of a batch lie end to end, and another one has another size."""

    def rendered(self, batch: Mapping[str, Any], device: torch.device | str) -> dict[str, Tensor]:
        """The views of a batch, as `ImageViews` gives them but for rounding (see `render_batch`).

        Args:
            batch: As the loader gives it, in this machine's memory.
            device: Where they are rendered; nothing here waits for it.
        """
        pixels, shapes = batch[PIXELS], [(height, width) for height, width in batch[SHAPES].tolist()]
        flat, boxes, plans = (
            torch.as_tensor(column).to(device, non_blocking=True) for column in (pixels.data, batch[BOXES], batch[PLAN])
        )
        sizes = {view.name: (view.count, self._channels, view.size, view.size) for view in self.planned}
        made = {name: flat.new_empty((len(shapes), *size)) for name, size in sizes.items()}
        pictures = torch.split(flat, np.diff(np.asarray(pixels.offsets)).tolist())
        for chunk in chunks(shapes):
            images, first = self._padded(pictures[chunk], shapes[chunk]), 0
            for view in self.planned:
                part = slice(first, first := first + view.count)
                made[view.name][chunk] = render_batch(
                    images, boxes[chunk, part], plans[chunk, part], size=view.size, interpolation=view.interpolation
                )
        return made

    def _padded(self, pictures: Sequence[Tensor], shapes: Sequence[Shape]) -> Tensor:
        """(n, C, H, W), with what happens to be there at the right and the bottom of smaller pictures."""
        height, width = (max(sides) for sides in zip(*shapes, strict=True))
        images = pictures[0].new_empty((len(shapes), self._channels, height, width))
        for image, picture, (rows, columns) in zip(images, pictures, shapes, strict=True):
            image[:, :rows, :columns] = picture.view(rows, columns, -1).permute(2, 0, 1)
        return images


def chunks(shapes: Sequence[Shape], limit: int = PADDED) -> Iterator[slice]:
    """Successive pictures that may be padded to one size: a wide one and a high one hardly ever may.

    Args:
        shapes: Height and width of each.
        limit: Pixels of all of them together, padded.
    """
    first, height, width = 0, 0, 0
    for row, (rows, columns) in enumerate(shapes):
        height, width = max(height, rows), max(width, columns)
        if row > first and (row + 1 - first) * height * width > limit:
            yield slice(first, row)
            first, height, width = row, rows, columns
    yield slice(first, len(shapes))
