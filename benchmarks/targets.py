"""What was to be reached, and what was."""

from dataclasses import dataclass

from .harness import Target
from .rounds import Outcome, Result


@dataclass(frozen=True)
class Reached:
    """A target beside what was measured.

    Args:
        target: What was wanted.
        ratio: What was measured.
        remarks: What of `no_worse` is worse.
    """

    target: Target
    ratio: float
    remarks: tuple[str, ...]

    @property
    def met(self) -> bool:
        """Whether all of it was reached."""
        return self.target.least <= self.ratio <= self.target.most and not self.remarks


def reached(outcome: Outcome) -> list[Reached]:
    """Hold a benchmark's results against its targets."""
    results = {result.contestant.name: result for result in outcome.results}
    found = []
    for target in outcome.benchmark.targets:
        over, under = results[target.over], results[target.under]
        ratio = _quantity(over, target.fact) / _quantity(under, target.fact)
        worse = (fact for fact in target.no_worse if float(under.facts[fact]) < float(over.facts[fact]))
        remarks = tuple(f"{fact} {under.facts[fact]:.4g} < {over.facts[fact]:.4g}" for fact in worse)
        found.append(Reached(target, ratio, remarks))
    return found


def _quantity(result: Result, fact: str) -> float:
    return float(result.facts[fact]) if fact else result.per_unit
