"""The cases by Pillow, in whose formulas the papers' views are written."""

from typing import Any

from .cases import CHAIN, PATCH, SIZE, Case


def answer(case: Case, pixels: Any) -> Any:
    """(SIZE, SIZE, 3)."""
    import numpy as np
    from PIL import Image, ImageFilter, ImageOps

    photo = Image.fromarray(pixels)
    patch = photo.crop(PATCH)
    match case.operation:
        case "bilinear" | "bicubic":
            scaling = Image.Resampling[case.operation.upper()]
            made = photo.crop(case.value).resize((SIZE, SIZE), scaling)
        case "grayscale":
            made = patch.convert("L").convert("RGB")
        case "gaussian_blur":
            made = patch.filter(ImageFilter.GaussianBlur(case.value))
        case "solarize":
            made = ImageOps.solarize(patch, case.value)
        case "jitter in a row":
            made = patch
            for name, value in CHAIN.items():
                made = _jittered(made, name, value)
        case name:
            made = _jittered(patch, name, case.value)
    return np.asarray(made)


def _jittered(photo: Any, name: str, value: float) -> Any:
    import numpy as np
    from PIL import Image, ImageEnhance

    if name == "hue":  # as torchvision does it with Pillow
        hue, saturation, level = photo.convert("HSV").split()
        shifted = np.asarray(hue) + np.int32(value * 255).astype(np.uint8)
        return Image.merge("HSV", (Image.fromarray(shifted), saturation, level)).convert("RGB")
    enhance = {"brightness": "Brightness", "contrast": "Contrast", "saturation": "Color"}[name]
    return getattr(ImageEnhance, enhance)(photo).enhance(value)
