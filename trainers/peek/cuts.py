"""Where views lie in their picture, and what was drawn of them: planned again as the transform planned them."""

from collections.abc import Iterator, Sequence

from headrace.shards.base.generators import Generators

from ..samples.views.choice import AnyView
from ..samples.views.drawing import Plan
from ..samples.views.planner import Planner
from ..samples.views.view import View
from .look import Outline
from .wording import drawn_lines


class Cuts:
    """The views of one picture that are cut out of it.

    Args:
        views: All kinds of views of a sample; those of one's own are left out, since nobody knows where they lie.
        size: Height and width of the upright full-size picture.
        rngs: The sample's generator, as the transform got it; what the views drew is taken from it.
    """

    def __init__(self, views: Sequence[AnyView], size: tuple[int, int], rngs: Generators) -> None:
        kinds = [view for view in views if isinstance(view, View)]
        self.kinds = [view for view in kinds for _ in range(view.count)]
        self._size = size
        planner = Planner(kinds)
        self._plan: Plan = planner([size], rngs.random(planner.numbers))[0]

    def lines(self, number: int) -> tuple[str, ...]:
        """What was drawn of a view, by its number among all, in few words; nothing of one that is not cut."""
        return drawn_lines(self._plan[number], self._size) if number < len(self._plan) else ()

    def outlines(self) -> Iterator[Outline]:
        """Where all of them lie."""
        for number, (view, row) in enumerate(zip(self.kinds, self._plan, strict=True), 1):
            turned = f" {90 * int(row['angle'])}°" if row["angle"] else ""
            left, top, right, bottom = row["box"].tolist()
            yield Outline(view.name, f"{number}{turned}", (left, top, right, bottom), bool(row["flip"]))
