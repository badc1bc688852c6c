"""lightly's own transforms on what webdataset decodes by Pillow."""

from pathlib import Path
from typing import Any

from ..harness import Timed
from .with_webdataset import epochs_of_views
from .work import Work


def lightly(work: Work, folder: Path) -> Timed:
    """They end in float32 tensors from 0 to 1, and cannot be told to leave that out; normalisation can."""
    from ..random_samples import declare_operators_of_torchvision

    declare_operators_of_torchvision()
    return epochs_of_views(work, folder, "pil", _transform(work))


def _transform(work: Work) -> Any:
    from lightly import transforms

    made = {
        "simclr": lambda: transforms.SimCLRTransform(input_size=224, normalize=None),
        "simclr_cifar": lambda: transforms.SimCLRTransform(
            input_size=32, cj_strength=0.5, gaussian_blur=0.0, normalize=None
        ),
        "dino": lambda: transforms.DINOTransform(n_local_views=8, normalize=None),
        "mae": lambda: transforms.MAETransform(input_size=224, normalize=None),
    }
    return made[work.paper]()
