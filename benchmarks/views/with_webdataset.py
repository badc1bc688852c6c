"""Reading for all peers: the same tars by webdataset, through a shuffle buffer of 1,000, and torch's DataLoader."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..harness import Timed
from .pictures import tars
from .work import Work


def epochs_of_views(work: Work, folder: Path, decoded: str, views: Callable[[Any], Any]) -> Timed:
    """Epochs of batches.

    Args:
        work: What is to be done.
        folder: With the tars.
        decoded: How webdataset decodes a picture, which it does by Pillow: `pil`, or `rgb8` for an array.
        views: All views of a picture.
    """
    from torch.utils.data import DataLoader
    from webdataset import WebDataset

    shards = tars(folder)
    pictures = WebDataset(shards, shardshuffle=len(shards)).shuffle(1000).decode(decoded).rename(picture="jpg;png")
    samples = pictures.map(lambda sample: views(sample["picture"]))
    loader = DataLoader(samples, batch_size=work.batch, **work.dataloader)
    return lambda: work.counted(loader)
