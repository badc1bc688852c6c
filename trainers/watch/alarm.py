"""The watch over collapse, as lines of a log and a warning: what `collapse` finds of the steps since it last looked."""

from torch import Tensor

from ..collapse import CollapseWatch, Verdict
from ..distributed import World

COLLAPSED = "collapsed"
"""1 in a line where the verdict is bad, else 0."""


class Alarm:
    """Sees every step's representations, and says now and then what they are like.

    It looks anew each time, so that what it finds does not depend on where a run was continued, as long as it looks
    whenever a checkpoint is saved.

    Args:
        world: The processes; every one has an alarm, and calls it together with the others.
    """

    def __init__(self, world: World) -> None:
        self._world, self._watch = world, CollapseWatch(world)
        self.verdict = Verdict(healthy=True, words="no representations were seen yet")

    def see(self, representations: Tensor | None) -> None:
        """Keep what a step made of its samples; None where the pretext does not tell."""
        if representations is not None:
            self._watch.see(representations)

    def look(self) -> dict[str, float]:
        """The numbers since the last look, and whether they are bad where that can be told; nothing of nothing."""
        numbers, self.verdict = self._watch.numbers(), self._watch.verdict()
        self._watch = CollapseWatch(self._world)
        # What is not finite has no numbers, but a verdict.
        judged = self.verdict.told and (bool(numbers) or not self.verdict.healthy)
        return {**numbers, COLLAPSED: float(not self.verdict.healthy)} if judged else dict(numbers)
