"""A table of views of photographs that are decoded already, on one core."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from ..harness import OURS, Benchmark, Contestant, Done, Setting, Target, Timed
from .decoded import read_decoded, write_decoded
from .papers import PAPERS, PaperView
from .with_albumentations import pipeline

PEER = "albumentations"
CROPS, ANTIALIASED = ", crops alone", ", antialiased"


def without_decoding(title: str, paper: str, pictures: str, samples: int, least: float) -> Benchmark:
    """The benchmark of a paper's views, and of their crops alone.

    Args:
        title: The table's heading.
        paper: Whose views.
        pictures: A folder of the corpus.
        samples: How many of them.
        least: What albumentations' time over ours must reach, with everything.
    """

    def prepare(setting: Setting) -> None:
        write_decoded(setting, pictures, samples)

    views = PAPERS[paper]
    boxes = [crop(each) for each in views]
    ours = {"": partial(headrace, paper, everything), CROPS: partial(headrace, paper, crops)}
    theirs = {
        "": partial(albumentations, views, None),
        ANTIALIASED: partial(albumentations, views, "image"),
        CROPS: partial(albumentations, boxes, None),
        CROPS + ANTIALIASED: partial(albumentations, boxes, "image"),
    }
    return Benchmark(
        title=title,
        unit="samples",
        prepare=prepare,
        contestants=(
            *(Contestant(OURS + what, OURS, setup) for what, setup in ours.items()),
            *(Contestant(PEER + what, PEER, setup) for what, setup in theirs.items()),
        ),
        targets=(Target(title, PEER, OURS, least=least),),
    )


def headrace(paper: str, changed: Callable[[Any], Any], folder: Path) -> Timed:
    """Each kind of view into its part of arrays (count, 3, size, size), drawing included."""
    import numpy as np

    from headrace.trainers.samples.views.planner import Planner
    from headrace.trainers.samples.views.presets import PRESETS
    from headrace.trainers.samples.views.render import Renderer

    pictures, rng = read_decoded(folder), np.random.default_rng(0)
    sizes = [pixels.shape[:2] for pixels in pictures]
    kinds = [changed(view) for view in PRESETS[paper]()]
    ends = np.cumsum([view.count for view in kinds])
    parts = [slice(end - view.count, end) for end, view in zip(ends, kinds, strict=True)]
    renderers = [Renderer(view.size, view.interpolation) for view in kinds]
    places = [np.empty((view.count, 3, view.size, view.size), np.uint8) for view in kinds]
    planner = Planner(kinds)

    def make() -> Done:
        plans = planner(sizes, rng.random((len(pictures), planner.numbers)))
        for pixels, plan in zip(pictures, plans, strict=True):
            boxes = plan["box"].astype(np.float64)
            for part, render, place in zip(parts, renderers, places, strict=True):
                render(pixels, boxes[part], plan[part], place)
        return Done(len(pictures))

    return make


def everything(view: Any) -> Any:
    """A view as its preset has it."""
    return view


def crops(view: Any) -> Any:
    """A view of a preset without what changes its colours or sharpness."""
    from headrace.trainers.samples.views.view import View

    kept = ("name", "count", "size", "scale", "ratio", "interpolation", "horizontal_flip")
    return View(**{name: getattr(view, name) for name in kept})


def crop(view: PaperView) -> PaperView:
    """Likewise, of a paper's numbers."""
    return replace(view, jitter=None, grayscale=0.0, blur=0.0, solarize=0.0)


def albumentations(views: Sequence[PaperView], downscaled: str | None, folder: Path) -> Timed:
    """Arrays (size, size, 3), as they come."""
    pictures, pipelines = read_decoded(folder), [pipeline(view, [], downscaled) for view in views]

    def make() -> Done:
        for pixels in pictures:
            for each in pipelines:
                each(image=pixels)
        return Done(len(pictures))

    return make
