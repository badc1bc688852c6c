"""The views of the papers, in the originals' numbers.

Where an image is not square, where a crop does not fit and how ten tries end, all presets follow torchvision. All scale
with antialiasing, as Pillow does and TensorFlow (SimCLR, BYOL) does not. TensorFlow draws the aspect of a crop
uniformly, torchvision its logarithm: ours is the latter.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from .view import ColorJitter, GaussianBlur, RandomSolarize, View

_BYOL_JITTER = ColorJitter(p=0.8, brightness=0.4, contrast=0.4, saturation=0.2, hue=0.1)


def simclr() -> tuple[View, ...]:
    """Chen et al. 2020, "A Simple Framework for Contrastive Learning", appendix A; 2 x 224.

    Strength s = 1 of the jitter (.8, .8, .8, .2) * s. The kernel of the blur is a tenth of the height: 22, which the
    official code makes odd by 2 * (22 // 2) + 1 = 23; who changes the size changes it as well.
    """
    return (
        View(
            name="view",
            count=2,
            size=224,
            scale=(0.08, 1.0),
            horizontal_flip=0.5,
            color_jitter=ColorJitter(p=0.8, brightness=0.8, contrast=0.8, saturation=0.8, hue=0.2),
            grayscale=0.2,
            gaussian_blur=GaussianBlur(p=0.5, sigma=(0.1, 2.0), kernel_size=23),
        ),
    )


def simclr_cifar() -> tuple[View, ...]:
    """Chen et al. 2020, appendix B.9 (CIFAR-10): 2 x 32, jitter of strength s = 0.5, no blur."""
    return tuple(
        replace(
            view,
            size=32,
            color_jitter=ColorJitter(p=0.8, brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1),
            gaussian_blur=GaussianBlur(),
        )
        for view in simclr()
    )


def moco_v2() -> tuple[View, ...]:
    """Chen et al. 2020, "Improved Baselines with Momentum Contrastive Learning", section 3 and official code; 2 x 224.

    Deviation: the blur is a Gaussian, not the three box blurs by which Pillow approximates one.
    """
    return (
        View(
            name="view",
            count=2,
            size=224,
            scale=(0.2, 1.0),
            interpolation="bilinear",
            horizontal_flip=0.5,
            color_jitter=ColorJitter(p=0.8, brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1),
            grayscale=0.2,
            gaussian_blur=GaussianBlur(p=0.5, sigma=(0.1, 2.0)),
        ),
    )


def byol() -> tuple[View, ...]:
    """Grill et al. 2020, "Bootstrap Your Own Latent", appendix B and table 6; 2 x 224."""
    first = View(
        name="view_1",
        size=224,
        scale=(0.08, 1.0),
        interpolation="bicubic",
        horizontal_flip=0.5,
        color_jitter=_BYOL_JITTER,
        grayscale=0.2,
        gaussian_blur=GaussianBlur(p=1.0, sigma=(0.1, 2.0), kernel_size=23),
    )
    second = replace(
        first,
        name="view_2",
        gaussian_blur=replace(first.gaussian_blur, p=0.1),
        solarize=RandomSolarize(p=0.2, threshold=128),
    )
    return first, second


def moco_v3() -> tuple[View, ...]:
    """Chen, Xie, He 2021, "An Empirical Study of Training Self-Supervised Vision Transformers": BYOL's views.

    The official code's differences from BYOL: bilinear, and a blur by Pillow, whose kernel is as wide as sigma needs.
    """
    return tuple(
        replace(view, interpolation="bilinear", gaussian_blur=replace(view.gaussian_blur, kernel_size=None))
        for view in byol()
    )


def dino() -> tuple[View, ...]:
    """Caron et al. 2021, "Emerging Properties in Self-Supervised Vision Transformers", and official code.

    2 x 224 of (.4, 1) and 8 x 96 of (.05, .4) of the area; BYOL's jitter; blur 1 / .1 / .5, solarised .2 on the second.
    Deviation: the blur is a Gaussian, not the three box blurs by which Pillow approximates one.
    """
    wide = GaussianBlur(sigma=(0.1, 2.0))
    first, second = (
        replace(view, name=f"global_{number}", scale=(0.4, 1.0), gaussian_blur=replace(wide, p=view.gaussian_blur.p))
        for number, view in enumerate(byol(), start=1)
    )
    local = replace(first, name="local", count=8, size=96, scale=(0.05, 0.4), gaussian_blur=replace(wide, p=0.5))
    return first, second, local


def dinov2() -> tuple[View, ...]:
    """Oquab et al. 2023, "DINOv2": DINO's views with crops of (.32, 1) and (.05, .32), and a kernel of 9 pixels.

    The blur has the paper's probabilities, DINO's 1 / .1 / .5; `dinov2_code` has those of the published code. A network
    with patches of 14 pixels needs local views of 98 pixels (the official configurations for them): `local.size`.
    """
    scales = {"global_1": (0.32, 1.0), "global_2": (0.32, 1.0), "local": (0.05, 0.32)}
    return tuple(
        replace(view, scale=scales[view.name], gaussian_blur=replace(view.gaussian_blur, kernel_size=9))
        for view in dino()
    )


def dinov2_code() -> tuple[View, ...]:
    """`dinov2` as its published code blurs: 0 / .9 / .5, since it passes 1 - p on where p is meant."""
    return tuple(
        replace(view, gaussian_blur=replace(view.gaussian_blur, p=1 - view.gaussian_blur.p)) for view in dinov2()
    )


def mae() -> tuple[View, ...]:
    """He et al. 2021, "Masked Autoencoders Are Scalable Vision Learners", appendix A.1: crop (.2, 1) bicubic, flip."""
    return (View(name="view", size=224, scale=(0.2, 1.0), interpolation="bicubic", horizontal_flip=0.5),)


def ijepa() -> tuple[View, ...]:
    """Assran et al. 2023, "I-JEPA": crop (.3, 1), no flip, no colour; bilinear, torchvision's default."""
    return (View(name="view", size=224, scale=(0.3, 1.0), interpolation="bilinear"),)


PRESETS: Mapping[str, Callable[[], tuple[View, ...]]] = {
    each.__name__: each
    for each in (simclr, simclr_cifar, moco_v2, moco_v3, byol, dino, dinov2, dinov2_code, mae, ijepa)
}
