"""The views of the papers as numbers, from which each peer's own pipeline is made. Only the standard library.

headrace takes its own presets of the same names, so that both sides are read from the papers once.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class PaperView:
    """One view.

    Args:
        size: Pixels a side.
        scale: Share of the picture's area in a crop.
        bicubic: How a crop is scaled; otherwise bilinear.
        jitter: Strength of brightness, contrast, saturation and hue, with a probability of .8; none: no jitter.
        grayscale: Probability.
        blur: Probability of a Gaussian blur with sigma in .1 to 2.
        kernel: Pixels a side of its kernel; 0: as sigma needs.
        solarize: Probability, at half of the largest level.
    """

    size: int
    scale: tuple[float, float]
    bicubic: bool = True
    jitter: tuple[float, float, float, float] | None = None
    grayscale: float = 0.0
    blur: float = 0.0
    kernel: int = 0
    solarize: float = 0.0


FLIP, JITTER, SIGMA = 0.5, 0.8, (0.1, 2.0)

_SIMCLR = PaperView(224, (0.08, 1.0), jitter=(0.8, 0.8, 0.8, 0.2), grayscale=0.2, blur=0.5, kernel=23)
_CIFAR = replace(_SIMCLR, size=32, jitter=(0.4, 0.4, 0.4, 0.1), blur=0.0)
_GLOBAL = PaperView(224, (0.4, 1.0), jitter=(0.4, 0.4, 0.2, 0.1), grayscale=0.2, blur=1.0)
_LOCAL = replace(_GLOBAL, size=96, scale=(0.05, 0.4), blur=0.5)

PAPERS: dict[str, tuple[PaperView, ...]] = {
    "simclr": (_SIMCLR, _SIMCLR),
    "simclr_cifar": (_CIFAR, _CIFAR),
    "dino": (_GLOBAL, replace(_GLOBAL, blur=0.1, solarize=0.2), *[_LOCAL] * 8),
    "mae": (PaperView(224, (0.2, 1.0)),),
}
"""All views of a sample, one by one."""
