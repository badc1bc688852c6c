"""Images as the pairs of patches of context prediction."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from headrace.shards.base.generators import Generators
from headrace.shards.stream.sources.columns import Sample

from ..samples.views.context import ContextPrediction, guarded
from ..samples.views.decode import decode
from ..samples.views.pictures import Picture, picture_of
from ..samples.views.render import Renderer
from .look import Look, Outline, Panel, Pixels, Subject
from .originals import original_of, standing
from .style import FAINT, PAPER, RULE, TITLE, letters

KINDS = (("first", "the patch in the middle"), ("second", "its neighbour, whose direction is the label"))
_CHANNELS = ("red", "green", "blue")
_ZERO = 128
"""The level at which a patch without its mean is drawn where it is 0."""


@dataclass(frozen=True, kw_only=True)
class PairsOfPatches(Subject):
    """What pairs look like.

    Args:
        pairs: What is drawn of them.
        images: The fields that may hold the image, the first that a sample has counts.
    """

    pairs: ContextPrediction
    images: tuple[str, ...]

    def look(self, sample: Sample, rngs: Generators) -> Look:
        """See `Subject.look`.

        Raises:
            ValueError: The picture cannot be used.
        """
        picture = picture_of(sample, self.images)
        original = original_of(picture)
        pair = self.pairs.draw(*original.size, rngs[0])
        names, label = [name for name, _ in KINDS], int(pair["label"])
        views = np.ascontiguousarray(pair["patches"]["view"])
        cuts = self._cut(picture, views)
        seen = [guarded(cut, drawn) for cut, drawn in zip(cuts, pair["patches"], strict=True)]
        patches = [np.clip(each.transpose(1, 2, 0) + _ZERO, 0, 255).astype(np.uint8) for each in seen]
        panels = [Panel("", f"label {label}", _grid(patches[0], patches[1], label))]
        for name, cut, patch, drawn in zip(names, cuts, patches, pair["patches"], strict=True):
            panels.append(Panel(name, f"{name}, cut", cut))
            panels.append(Panel(name, f"{name}, seen", patch, self._lines(drawn)))
        boxes = [tuple(each) for each in views["box"].tolist()]
        labels = ("middle", str(label))
        outlines = (Outline(*each) for each in zip(names, labels, boxes, strict=True))
        return Look(original=replace(original, outlines=tuple(outlines)), panels=tuple(panels))

    def _cut(self, picture: Picture, views: NDArray[np.void]) -> list[Pixels]:
        """Both patches as (S, S, 3)."""
        size = self.pairs.size
        pixels, boxes = decode(*picture, views["box"], np.array([size, size]))
        out = np.empty((2, 3, size, size), np.uint8)
        Renderer(size)(pixels, boxes, views, out)
        return [standing(planes) for planes in out]

    def _lines(self, drawn: np.void) -> tuple[str, ...]:
        side = int(drawn["side"])
        lines = [f"{_CHANNELS[int(drawn['channel'])]} kept, else noise"]
        return (*lines, f"down to {side} px and up") if side < self.pairs.size else tuple(lines)


def _grid(first: Pixels, second: Pixels, label: int) -> Pixels:
    """The eight directions by their numbers, the first patch in the middle and the second where it lies."""
    size, gap = first.shape[0], 4
    picture = Image.new("RGB", (3 * size + 2 * gap,) * 2, PAPER)
    draw = ImageDraw.Draw(picture)
    cells = [(column, row) for row in range(3) for column in range(3)]
    directions = iter(range(8))
    for column, row in cells:
        place = (column * (size + gap), row * (size + gap))
        if (column, row) == (1, 1):
            picture.paste(Image.fromarray(first), place)
            continue
        number = next(directions)
        if number == label:
            picture.paste(Image.fromarray(second), place)
        else:
            middle = (place[0] + size / 2, place[1] + size / 2)
            draw.rectangle((*place, place[0] + size - 1, place[1] + size - 1), RULE)
            draw.text(middle, str(number), FAINT, letters(TITLE), anchor="mm")
    return np.asarray(picture)
