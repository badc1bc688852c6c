"""The recipe's evaluations (kNN, probes, ...) of a network in training.

The main process judges alone, and the others wait: labelled records are few, and what a method learns from their
features is not divided anyway. It sees the whole network, and leaves it as it was.
"""

from collections.abc import Callable

from ..evals.examination import Examination
from ..evals.results import ACCURACY, Result
from ..parallel.whole import whole_objective
from ..pretext.base import Objective
from ..runs import Run


class Examining:
    """A callable that gives the value of every evaluation by its name, such as `knn`.

    Args:
        run: The run, whose recipe has `evals`.
        objective: The network with its heads.

    Raises:
        InputError: Labels or other data cannot be read.
        RecipeError: There are no evaluations, or one does not fit the run.
    """

    def __init__(self, run: Run, objective: Objective) -> None:
        self._run, self._exam, self._objective = run, Examination(run), objective
        if objective.world.main:
            self._exam.check()

    def __call__(self, tell: Callable[[str], None]) -> dict[str, float]:
        """Judge the network as it is now.

        Args:
            tell: Is told what is done.
        """
        tell("evaluations")
        alone = whole_objective(self._run, self._objective)
        found = self._exam.results("in training", alone) if alone else []
        self._objective.world.barrier()
        return {_name(each): each.measured.value for each in found}


def _name(result: Result) -> str:
    """What a line calls it: by the method alone where it is an accuracy, since most are."""
    metric = result.measured.metric
    return result.evaluation if metric == ACCURACY else f"{result.evaluation}/{metric.name}"
