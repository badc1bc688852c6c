"""Our own views, by the preset of the paper's name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..harness import Timed
from .pictures import TARS
from .work import Work


def headrace(work: Work, folder: Path) -> Timed:
    """The views of a paper."""
    return batches_of(work, work.paper, folder)


def batches_of(work: Work, views: Any, folder: Path) -> Timed:
    """Batches of views as a recipe names them."""
    from headrace.shards import Stream
    from headrace.trainers.samples.views.image_views import ImageViews

    stream = Stream(str(folder / TARS), transform=ImageViews(views))
    loader = stream.loader(work.batch, epochs=1, **work.dataloader)
    return lambda: work.counted(list(_views(batch)) for batch in loader)


def _views(batch: Any) -> Iterator[Any]:
    """Each view by itself, of columns (samples, views of a kind, channels, size, size)."""
    for column in batch.values():
        if getattr(column, "ndim", 0) == 5:
            yield from column.unbind(1)
