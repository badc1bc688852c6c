"""The cases by torchvision, on uint8 tensors."""

from typing import Any

from .cases import CHAIN, KERNEL, PATCH, SIZE, Case


def answer(case: Case, pixels: Any) -> Any:
    """(SIZE, SIZE, 3)."""
    import torch
    from torchvision.transforms.v2 import InterpolationMode
    from torchvision.transforms.v2 import functional as F

    photo = torch.from_numpy(pixels).permute(2, 0, 1).contiguous()
    patch = _cut(photo, PATCH)
    match case.operation:
        case "bilinear" | "bicubic":
            scaling = InterpolationMode(case.operation)
            made = F.resize(_cut(photo, case.value), [SIZE, SIZE], interpolation=scaling, antialias=True)
        case "grayscale":
            made = F.rgb_to_grayscale(patch, 3)
        case "gaussian_blur":
            made = F.gaussian_blur(patch, [KERNEL, KERNEL], [case.value, case.value])
        case "solarize":
            made = F.solarize(patch, case.value)
        case "jitter in a row":
            made = patch
            for name, value in CHAIN.items():
                made = getattr(F, f"adjust_{name}")(made, value)
        case name:
            made = getattr(F, f"adjust_{name}")(patch, case.value)
    return made.permute(1, 2, 0).numpy()


def _cut(photo: Any, box: tuple[int, int, int, int]) -> Any:
    left, top, right, bottom = box
    return photo[:, top:bottom, left:right]
