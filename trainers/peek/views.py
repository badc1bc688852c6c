"""Images as the views of a preset, and what is masked of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from headrace.shards.base.generators import Generators
from headrace.shards.base.rng import generator
from headrace.shards.stream.sources.columns import Sample

from ..samples.masks.presets import Mask, MaskOfCrop, PatchMask
from ..samples.views.drawing import Plan
from ..samples.views.image_views import ImageViews
from ..samples.views.pictures import EXTENSIONS, picture_of
from ..samples.views.planner import Planner
from ..samples.views.view import View
from .look import Look, Outline, Panel, Subject
from .masked import masked_panels
from .originals import original_of, standing
from .wording import drawn_lines


@dataclass(frozen=True, kw_only=True)
class ViewsOfImages(Subject):
    """What a preset's views look like.

    Args:
        views: The kinds of views.
        images: The fields that may hold the image, the first that a sample has counts.
        mask: How patches are hidden; None for not at all.
    """

    views: tuple[View, ...]
    images: tuple[str, ...]
    mask: PatchMask | None = None

    encoded = EXTENSIONS

    def look(self, sample: Sample, rngs: Generators) -> Look:
        """See `Subject.look`."""
        columns = self._transform([sample], rngs[:], np.empty)
        original = original_of(picture_of(sample, self.images))
        (plan,) = self._planner([original.size], rngs.random(self._planner.numbers))
        kinds = [view for view in self.views for _ in range(view.count)]
        pixels = [planes for view in self.views for planes in columns[view.name][0]]
        masks = self._masks(sample["__position__"], kinds, rngs[0])
        panels: list[Panel] = []
        for number, (view, row, planes) in enumerate(zip(kinds, plan, pixels, strict=True)):
            lines = drawn_lines(row, original.size)
            panel = Panel(view.name, f"{number + 1} {view.name}", standing(planes), lines)
            panels += masked_panels(panel, masks.get(number))
        return Look(original=replace(original, outlines=tuple(outlines(kinds, plan))), panels=tuple(panels))

    @cached_property
    def _transform(self) -> ImageViews:
        return ImageViews(self.views, fields=self.images)

    @cached_property
    def _planner(self) -> Planner:
        return Planner(self.views)

    def _masks(self, position: int, kinds: list[View], rng: np.random.Generator) -> dict[int, Mask]:
        """The masks of those views of a sample that are masked, by the views' numbers."""
        if self.mask is None:
            return {}
        masked = [number for number, view in enumerate(kinds) if not self.mask.views or view.name in self.mask.views]
        step, row = divmod(position, self.order.batch_size)
        masks = {}
        for place, number in enumerate(masked):
            crops = self.order.batch_size * len(masked)
            draw = _of_batch(self.mask, kinds[number].size, crops, self.order.seed, step)
            masks[number] = draw(row * len(masked) + place, rng)
        return masks


@lru_cache(maxsize=8)
def _of_batch(mask: PatchMask, size: int, crops: int, seed: int, step: int) -> MaskOfCrop:
    return mask.of_batch(mask.grid(size), crops, generator("headrace.masks", seed, step))


def outlines(kinds: list[View], plan: Plan) -> Iterator[Outline]:
    """Where the views lie in the original."""
    for number, (view, row) in enumerate(zip(kinds, plan, strict=True), 1):
        turned = f" {90 * int(row['angle'])}°" if row["angle"] else ""
        left, top, right, bottom = row["box"].tolist()
        yield Outline(view.name, f"{number}{turned}", (left, top, right, bottom), bool(row["flip"]))
