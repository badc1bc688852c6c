"""A table of views: headrace and its peers on one core, and all of them with two workers."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from ..harness import OURS, Benchmark, Contestant, Setting, Target, Timed
from .pictures import write_pictures
from .with_albumentations import albumentations
from .with_headrace import headrace
from .with_lightly import lightly
from .with_torchvision import on_tensors
from .work import Work

WORKERS = 2

Maker = Callable[[Work, Path], Timed]


def side_by_side(
    title: str, paper: str, pictures: str, samples: int, batch: int, least: float, torchvision: Maker = on_tensors
) -> Benchmark:
    """The benchmark of a paper's views.

    Args:
        title: The table's heading.
        paper: Whose views.
        pictures: A folder of the corpus.
        samples: In an epoch.
        batch: Samples of one, for each worker at most half of all.
        least: What each peer's time over ours must reach.
        torchvision: Its faster way.
    """

    def prepare(setting: Setting) -> None:
        write_pictures(setting, pictures, WORKERS * batch if setting.small else samples)

    makers: dict[str, Maker] = {
        OURS: headrace,
        "albumentations": albumentations,
        "torchvision": torchvision,
        "lightly": lightly,
    }
    contestants, targets = [], []
    for workers, suffix in ((0, ""), (WORKERS, f", {WORKERS} workers")):
        for environment, maker in makers.items():
            setup = partial(maker, Work(paper, batch, workers))
            contestants.append(Contestant(environment + suffix, environment, setup, one_core=not workers))
            if environment != OURS:
                targets.append(Target(title + suffix, environment + suffix, OURS + suffix, least=least))
    return Benchmark(
        title=title,
        unit="samples",
        prepare=prepare,
        contestants=tuple(contestants),
        targets=tuple(targets),
        one_core=False,
    )
