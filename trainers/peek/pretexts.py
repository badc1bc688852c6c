"""Samples as a pretext makes them, whatever arrays it makes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from headrace.shards.base.generators import Generators
from headrace.shards.stream.sources.columns import Sample
from headrace.shards.stream.sources.transforms import BatchTransform

from ..data import DataFacts
from ..pretext.base import Pretext
from ..samples.batches import Batches, Shared
from ..samples.views.choice import AnyView
from ..samples.views.image_views import ImageViews
from ..samples.views.pictures import picture_of
from .arrays import MASK, besides, masks_of, panels, pictures_of
from .cuts import Cuts
from .look import Look, Subject
from .originals import original_of
from .tokens import pieces, predictions

_TEXT = {"tokens", "positions", "labels"}


def views_of_pretext(pretext: Pretext) -> Sequence[AnyView]:
    """The views that a pretext makes of a picture."""
    return pretext.transform.views if isinstance(pretext.transform, ImageViews) else ()


@dataclass(frozen=True, kw_only=True)
class SamplesOfPretext(Subject):
    """What a pretext makes of samples.

    Of its arrays, uint8 planes (C, H, W) or (T, C, H, W) are shown as pictures, with `visible` and `hidden` patches
    where it has these; `tokens` as text, with `labels` at `positions` or as
    what follows each; of all else, shape and type.

    Args:
        pretext: Bound to the data.
        data: The shards.
        images: The fields that may hold an image, the first that a sample has counts.
    """

    pretext: Pretext
    data: DataFacts
    images: tuple[str, ...]

    @cached_property
    def _shared(self) -> Shared:
        return Shared(self.pretext.of_batch, Batches(self.order.seed, self.order.batch_size))

    def look(self, sample: Sample, rngs: Generators) -> Look:
        """See `Subject.look`."""
        sample, transform = self._shared.given(sample), self.pretext.transform
        if isinstance(transform, BatchTransform):
            arrays = {name: column[0] for name, column in transform([sample], rngs[:], np.empty).items()}
        else:
            arrays = transform(sample, rngs[0])
        held = any(name in sample for name in self.images)
        original = original_of(picture_of(sample, self.images)) if held else None
        cuts = None
        if original is not None and isinstance(transform, ImageViews):
            cuts = Cuts(transform.views, original.size, rngs)
            original = replace(original, outlines=tuple(cuts.outlines()))
        pictures = pictures_of(arrays)
        drawn = {*pictures, *(MASK if pictures else ()), *(_TEXT if "tokens" in arrays else ())}
        return Look(
            original=original,
            panels=tuple(panels(pictures, cuts, masks_of(pictures, arrays))),
            pieces=pieces(arrays, self.data) if "tokens" in arrays else (),
            notes=(*predictions(arrays), *besides({name: each for name, each in arrays.items() if name not in drawn})),
        )
