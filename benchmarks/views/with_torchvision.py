"""torchvision's second transforms on what webdataset decodes by Pillow."""

from pathlib import Path
from typing import Any

from ..harness import Timed
from .papers import FLIP, JITTER, SIGMA, PaperView
from .with_webdataset import epochs_of_views
from .work import Work


def on_tensors(work: Work, folder: Path) -> Timed:
    """Pillow's image becomes a uint8 tensor first, as torchvision's documentation advises."""
    v2 = _transforms()
    tensor, pipelines = v2.PILToTensor(), [v2.Compose(_steps(view)) for view in work.views]

    def views(picture: Any) -> list[Any]:
        image = tensor(picture)
        return [each(image) for each in pipelines]

    return epochs_of_views(work, folder, "pil", views)


def on_pillow(work: Work, folder: Path) -> Timed:
    """Pillow's image stays one, and becomes a uint8 tensor last."""
    v2 = _transforms()
    pipelines = [v2.Compose([*_steps(view), v2.PILToTensor()]) for view in work.views]
    return epochs_of_views(work, folder, "pil", lambda picture: [each(picture) for each in pipelines])


def _transforms() -> Any:
    from ..random_samples import declare_operators_of_torchvision

    declare_operators_of_torchvision()
    from torchvision.transforms import v2

    return v2


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
