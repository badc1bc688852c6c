"""The cases by albumentations."""

import os
from typing import Any

from .cases import KERNEL, PATCH, SIZE, Case


def answer(case: Case, pixels: Any) -> Any:
    """(SIZE, SIZE, 3); None where the operation cannot be asked for."""
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # its import would ask PyPI for a newer version
    import albumentations as A
    import cv2

    match case.operation:
        case "bilinear" | "bicubic":
            scaling = cv2.INTER_CUBIC if case.operation == "bicubic" else cv2.INTER_LINEAR
            step, box = A.Resize(SIZE, SIZE, interpolation=scaling), case.value
        case "jitter in a row":  # its order is always drawn
            return None
        case _:
            step, box = _step(case), PATCH
    return A.Compose([A.Crop(*box), step])(image=pixels)["image"]


def _step(case: Case) -> Any:
    import albumentations as A

    match case.operation:
        case "grayscale":
            return A.ToGray(p=1)
        case "gaussian_blur":
            return A.GaussianBlur(blur_limit=(KERNEL, KERNEL), sigma_limit=(case.value, case.value), p=1)
        case "solarize":
            return A.Solarize(threshold_range=(case.value / 256, case.value / 256), p=1)
        case name:
            unchanged = {"brightness": (1, 1), "contrast": (1, 1), "saturation": (1, 1), "hue": (0, 0)}
            return A.ColorJitter(**unchanged | {name: (case.value, case.value)}, p=1)
