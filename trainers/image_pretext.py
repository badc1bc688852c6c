"""What all pretexts of images have in common: views of a picture, and what is drawn beside them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Literal, Self

import numpy as np

from .data import DataFacts, Record
from .pretext.base import Arrays, Pretext
from .samples.views.central import central_view
from .samples.views.choice import SAID, AnyView, Like
from .samples.views.deferred import DeferredViews
from .samples.views.image_views import ImageViews
from .samples.views.pictures import picture_of
from .samples.views.view import View

_GREY = 24
"""Of 255: by so much red, green and blue of a grey picture may differ, as of a scan."""


@dataclass(frozen=True, kw_only=True)
class ImagePretext(Pretext):
    """A pretext whose samples are views of a picture, (count, C, S, S) uint8 under the name of each kind.

    Args:
        views: The kinds.
        channels: C: 1 for grey, 3 for RGB.
        images: The fields that may hold the image, the first that a sample has counts; default: those of the manifest.
    """

    views: Annotated[tuple[AnyView, ...], Like(), SAID]
    channels: Literal[1, 3] = 3
    images: tuple[str, ...] = ()

    def beside(self, record: Record, rng: np.random.Generator) -> Arrays:
        """What else a sample has, such as masks: arrays of fixed shapes and dtypes."""
        return {}

    def bind(self, data: DataFacts) -> Self:
        """See `Pretext.bind`: takes the image fields of the data."""
        return self if self.images else replace(self, images=data.image_fields())

    def advice(self, records: Iterable[Record]) -> str:
        """See `Pretext.advice`: that pictures with colours are made grey."""
        if self.channels == 3 or not any(self._has_colours(record) for record in records):
            return ""
        return (
            "the pictures have colours, but this pretext makes them grey (channels=1). To keep them set its parameter "
            "channels=3, and where it has them mean and std to three numbers each"
        )

    @property
    def fields(self) -> tuple[str, ...] | None:
        """See `Pretext.fields`; where formats are mixed, not every shard has each."""
        return self.images if len(self.images) == 1 else None

    @property
    def first(self) -> View:
        """The first view that is cut from the picture; evaluations see pictures of its size.

        Raises:
            ValueError: There is none.
        """
        for view in self.views:
            if isinstance(view, View):
                return view
        raise ValueError("views need one at least that is cut from the picture, and not of one's own")

    @cached_property
    def transform(self) -> ImageViews:
        """See `Pretext.transform`."""
        return ImageViews(self.views, fields=self.images, channels=self.channels, beside=self.beside)

    @cached_property
    def deferred(self) -> DeferredViews:
        """See `Pretext.deferred`."""
        return DeferredViews(self.views, fields=self.images, channels=self.channels, beside=self.beside)

    def sample(self, record: Record, rng: np.random.Generator) -> Arrays:
        """One picture's views, and what is drawn beside them."""
        return self.transform.one(dict(record), rng)

    def plain_views(self, record: Record) -> list[Arrays]:
        """The image's largest central square, scaled."""
        view = self.first
        return [
            {
                view.name: central_view(picture_of(record, self.images), view.size, self.channels, view.interpolation)[
                    None
                ]
            }
        ]

    def _has_colours(self, record: Record) -> bool:
        pixels = central_view(picture_of(record, self.images), self.first.size)
        return bool(np.ptp(pixels, axis=0).max() > _GREY)
