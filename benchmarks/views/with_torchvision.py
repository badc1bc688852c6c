"""torchvision's second transforms on what webdataset decodes by Pillow."""

from pathlib import Path
from typing import Any

from ..harness import Timed
from .papers import FLIP, JITTER, SIGMA, PaperView
from .with_webdataset import epochs_of_views
from .work import Work


def torchvision(work: Work, folder: Path) -> Timed:
    """Pillow's image becomes a uint8 tensor first, as its documentation recommends."""
    return _epochs(work, folder, first=True)


def torchvision_on_pillow(work: Work, folder: Path) -> Timed:
    """Pillow's image stays one, and becomes a uint8 tensor last."""
    return _epochs(work, folder, first=False)


def _epochs(work: Work, folder: Path, first: bool) -> Timed:
    from ..random_samples import declare_operators_of_torchvision

    declare_operators_of_torchvision()
    from torchvision.transforms import v2

    tensor = [v2.PILToTensor()]
    before, after = (tensor, []) if first else ([], tensor)
    pipelines = [v2.Compose([*_steps(view), *after]) for view in work.views]
    once = v2.Compose([*before, v2.Identity()])

    def views(picture: Any) -> list[Any]:
        image = once(picture)
        return [each(image) for each in pipelines]

    return epochs_of_views(work, folder, "pil", views)


def _steps(view: PaperView) -> list[Any]:
    from torchvision.transforms import v2

    scaling = v2.InterpolationMode.BICUBIC if view.bicubic else v2.InterpolationMode.BILINEAR
    steps = [v2.RandomResizedCrop(view.size, view.scale, interpolation=scaling, antialias=True)]
    steps.append(v2.RandomHorizontalFlip(FLIP))
    if view.jitter:
        steps.append(v2.RandomApply([v2.ColorJitter(*view.jitter)], JITTER))
    if view.grayscale:
        steps.append(v2.RandomGrayscale(view.grayscale))
    if view.blur:
        steps.append(v2.RandomApply([v2.GaussianBlur(view.kernel or 9, SIGMA)], view.blur))
    if view.solarize:
        steps.append(v2.RandomSolarize(128, view.solarize))
    return steps
