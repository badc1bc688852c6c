"""Images as the views of a preset, and what is masked of them."""

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np

from headrace.shards.base.generators import Generators
from headrace.shards.stream.sources.columns import Sample

from ..samples.batches import Batches
from ..samples.masks.presets import Mask, MaskOfCrop, PatchMask
from ..samples.views.choice import AnyView
from ..samples.views.image_views import ImageViews
from ..samples.views.pictures import picture_of
from ..samples.views.view import View
from .arrays import besides, panels, pictures_of
from .cuts import Cuts
from .look import Look, Subject
from .originals import original_of


@dataclass(frozen=True, kw_only=True)
class ViewsOfImages(Subject):
    """What a preset's views look like.

    Args:
        views: The kinds of views.
        images: The fields that may hold the image, the first that a sample has counts.
        mask: How patches are hidden; None for not at all.
    """

    views: tuple[AnyView, ...]
    images: tuple[str, ...]
    mask: PatchMask | None = None

    def look(self, sample: Sample, rngs: Generators) -> Look:
        """See `Subject.look`."""
        arrays = {name: column[0] for name, column in self._transform([sample], rngs[:], np.empty).items()}
        original = original_of(picture_of(sample, self.images))
        cuts = Cuts(self.views, original.size, rngs)
        masks = self._masks(sample["__position__"], cuts.kinds, rngs[0])
        pictures = pictures_of(arrays)
        return Look(
            original=replace(original, outlines=tuple(cuts.outlines())),
            panels=tuple(panels(pictures, cuts, masks)),
            notes=besides({name: values for name, values in arrays.items() if name not in pictures}),
        )

    @cached_property
    def _transform(self) -> ImageViews:
        return ImageViews(self.views, fields=self.images)

    def _masks(self, position: int, kinds: list[View], rng: np.random.Generator) -> dict[int, Mask]:
        """The masks of those views of a sample that are masked, by the views' numbers."""
        if self.mask is None:
            return {}
        masked = [number for number, view in enumerate(kinds) if not self.mask.views or view.name in self.mask.views]
        batches = Batches(self.order.seed, self.order.batch_size)
        step, row = batches.place(position)
        masks = {}
        for place, number in enumerate(masked):
            draw = _of_batch(self.mask, kinds[number].size, len(masked), batches, step)
            masks[number] = draw(row * len(masked) + place, rng)
        return masks


@lru_cache(maxsize=8)
def _of_batch(mask: PatchMask, size: int, masked: int, batches: Batches, step: int) -> MaskOfCrop:
    return mask.of_batch(mask.grid(size), batches.size * masked, batches.generator(step))
