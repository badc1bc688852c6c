"""What runs over several seeds found, and whether it shows that the training was worth anything.

A margin is what the trained network has more than another thing, in points of accuracy, of the same seed. It counts as
shown where its mean over the seeds is at least 3 points and at least 2 of its standard deviations.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any

POINTS, DEVIATIONS = 3.0, 2.0
UNTRAINED, TRAINED = "untrained", "trained"
NO_INPUT = "commonest class"
"""What says nothing of the input."""


@dataclass(frozen=True)
class Spread:
    """A quantity over seeds.

    Args:
        values: Of each seed.
    """

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean."""
        return mean(self.values)

    @property
    def deviation(self) -> float:
        """The standard deviation of a seed (n - 1); 0 of a single one."""
        return stdev(self.values) if len(self.values) > 1 else 0.0


@dataclass(frozen=True)
class Finding:
    """What an evaluation found of a row.

    Args:
        row: Of which row.
        evaluation: By what method, with its parameters.
        metric: What it measured; an accuracy is in points.
        better: Whether `more` of it is better, or `less`.
        found: Of each thing that was judged, the trained network first.
    """

    row: str
    evaluation: str
    metric: str
    better: str
    found: Mapping[str, Spread]

    def margin(self, other: str) -> Spread:
        """By how much the trained network is better than something else; negative where it is worse."""
        sign = 1 if self.better == "more" else -1
        pairs = zip(self.found[TRAINED].values, self.found[other].values, strict=True)
        return Spread(tuple(sign * (trained - its) for trained, its in pairs))

    def shown(self, other: str) -> bool | None:
        """Whether the margin over something else is beyond doubt; None where it is not in points, or of one seed."""
        margin = self.margin(other)
        if self.metric != "accuracy" or len(margin.values) < 2:
            return None
        return margin.mean >= max(POINTS, DEVIATIONS * margin.deviation)

    @property
    def raw(self) -> str | None:
        """The best of what is neither the trained nor the untrained network, but looks at the input."""
        others = [each for each in self.found if each not in (TRAINED, UNTRAINED, NO_INPUT)]
        return min(others, key=lambda each: self.margin(each).mean, default=None)


def findings(row: str, runs: Sequence[Sequence[Mapping[str, Any]]]) -> list[Finding]:
    """What was found of a row.

    Args:
        row: Its name.
        runs: Of each seed the scores of its `evals.json`.

    Raises:
        ValueError: The runs were not judged alike.
    """
    tables = [{_place(score): score for score in run} for run in runs]
    if any(table.keys() != tables[0].keys() for table in tables):
        raise ValueError(f"the runs of {row} were not judged alike")
    found = []
    for evaluation, metric in dict.fromkeys((evaluation, metric) for evaluation, metric, _ in tables[0]):
        mine = [place for place in tables[0] if place[:2] == (evaluation, metric)]
        scale = 100 if metric == "accuracy" else 1
        spreads = {place[2]: Spread(tuple(scale * table[place]["value"] for table in tables)) for place in mine}
        if TRAINED in spreads:
            found.append(Finding(row, evaluation, metric, tables[0][mine[0]]["better"], spreads))
    return found


def _place(score: Mapping[str, Any]) -> tuple[str, str, str]:
    """Evaluation, metric and subject; the trained network's name tells its steps, too."""
    return score["evaluation"], score["metric"], score["subject"].partition(",")[0]
