"""albumentations on what webdataset decodes by Pillow."""

import os
from pathlib import Path
from typing import Any

from ..harness import Timed
from .papers import FLIP, JITTER, SIGMA, PaperView
from .with_webdataset import epochs_of_views
from .work import Work


def albumentations(work: Work, folder: Path) -> Timed:
    """OpenCV without threads of its own, as in a DataLoader's workers."""
    from albumentations.pytorch import ToTensorV2

    pipelines = [pipeline(view, [ToTensorV2()]) for view in work.views]

    def views(picture: Any) -> list[Any]:
        return [each(image=picture)["image"] for each in pipelines]

    return epochs_of_views(work, folder, "rgb8", views)


def pipeline(view: PaperView, last: list[Any], downscaled: str | None = None) -> Any:
    """A view of a paper as `Compose` makes it of an array (H, W, 3).

    Args:
        view: Its numbers.
        last: What follows.
        downscaled: `image` lets OpenCV average areas where pixels become fewer, its antialiasing.
    """
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # its import would ask PyPI for a newer version
    import albumentations as A
    import cv2

    cv2.setNumThreads(0)
    scaling = cv2.INTER_CUBIC if view.bicubic else cv2.INTER_LINEAR
    crop = A.RandomResizedCrop(
        (view.size, view.size), scale=view.scale, interpolation=scaling, area_for_downscale=downscaled
    )
    return A.Compose([crop, A.HorizontalFlip(p=FLIP), *_photometric(view), *last])


def _photometric(view: PaperView) -> list[Any]:
    import albumentations as A

    steps = []
    if view.jitter:
        *strengths, hue = view.jitter
        factors = [(max(0.0, 1 - strength), 1 + strength) for strength in strengths]
        steps.append(A.ColorJitter(*factors, (-hue, hue), p=JITTER))
    if view.grayscale:
        steps.append(A.ToGray(p=view.grayscale))
    if view.blur:
        steps.append(A.GaussianBlur(blur_limit=(view.kernel, view.kernel), sigma_limit=SIGMA, p=view.blur))
    if view.solarize:
        steps.append(A.Solarize(threshold_range=(0.5, 0.5), p=view.solarize))
    return steps
