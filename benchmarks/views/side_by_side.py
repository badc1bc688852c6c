"""A table of views: headrace and its peers on one core, and all of them with two workers."""

from functools import partial

from ..harness import OURS, Benchmark, Contestant, Setting, Target
from .pictures import write_pictures
from .with_albumentations import albumentations
from .with_headrace import headrace
from .with_lightly import lightly
from .with_torchvision import torchvision, torchvision_on_pillow
from .work import Work

WORKERS = 2

MAKERS = {
    "headrace": (OURS, headrace),
    "albumentations": ("albumentations", albumentations),
    "torchvision": ("torchvision", torchvision),
    "torchvision on Pillow": ("torchvision", torchvision_on_pillow),
    "lightly": ("lightly", lightly),
}
"""Who makes views: the environment, and how."""


def side_by_side(title: str, paper: str, pictures: str, samples: int, batch: int, least: float) -> Benchmark:
    """The benchmark of a paper's views.

    Args:
        title: The table's heading.
        paper: Whose views.
        pictures: A folder of the corpus.
        samples: In an epoch.
        batch: Samples of one, for each worker at most half of all.
        least: What each peer's time over ours must reach.
    """

    def prepare(setting: Setting) -> None:
        write_pictures(setting, pictures, WORKERS * batch if setting.small else samples)

    contestants, targets = [], []
    for workers, suffix in ((0, ""), (WORKERS, f", {WORKERS} workers")):
        for maker, (environment, setup) in MAKERS.items():
            made = partial(setup, Work(paper, batch, workers))
            contestants.append(Contestant(maker + suffix, environment, made, one_core=not workers))
            if environment != OURS:
                targets.append(Target(title + suffix, maker + suffix, "headrace" + suffix, least=least))
    return Benchmark(
        title=title,
        unit="samples",
        prepare=prepare,
        contestants=tuple(contestants),
        targets=tuple(targets),
        one_core=False,
    )
