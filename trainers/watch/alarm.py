"""The watch over collapse, as lines of a log and a warning: what `collapse` finds of the steps since it last looked."""

from torch import Tensor

from ..collapse import CollapseWatch, Verdict

COLLAPSED = "collapsed"
"""1 in a line where the verdict is bad, else 0."""


class Alarm:
    """Sees every step's representations, and says now and then what they are like.

    It looks anew each time, so that what it finds does not depend on where a run was continued, as long as it looks
    whenever a checkpoint is saved.
    """

    def __init__(self) -> None:
        self._watch = CollapseWatch()
        self.verdict = Verdict(healthy=True, words="no representations were seen yet")

    def see(self, representations: Tensor | None) -> None:
        """Keep what a step made of its samples; None where the pretext does not tell."""
        if representations is not None:
            self._watch.see(representations)

    def look(self) -> dict[str, float]:
        """The numbers since the last look, and whether they are bad; nothing where nothing was seen."""
        numbers = self._watch.numbers()
        if not numbers:
            return {}
        self.verdict, self._watch = self._watch.verdict(), CollapseWatch()
        return {**numbers, COLLAPSED: float(not self.verdict.healthy)}
