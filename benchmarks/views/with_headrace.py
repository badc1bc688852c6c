"""Our own views, by the preset of the paper's name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..harness import Timed
from .pictures import TARS
from .work import Work


def headrace(work: Work, folder: Path) -> Timed:
    """Batches of uint8 views; whatever the decoder need not decode is not decoded."""
    from headrace.shards import Stream
    from headrace.trainers.samples.views.image_views import ImageViews

    stream = Stream(str(folder / TARS), transform=ImageViews(work.paper))
    loader = stream.loader(work.batch, epochs=1, **work.dataloader)
    return lambda: work.counted(map(_views, loader))


def _views(batch: Any) -> list[Any]:
    """One tensor for each view, of columns that hold `count` views of a kind."""
    return list(_each(batch))


def _each(batch: Any) -> Iterator[Any]:
    for column in batch.values():
        if getattr(column, "ndim", 0) == 5:
            yield from column.unbind(1)
