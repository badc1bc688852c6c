"""Tables of what evaluations found, for the report and the terminal: one for each family."""

from collections.abc import Mapping, Sequence

from headrace.shards.base.report import Cell, Table

from .base import Family
from .coverage import Coverage
from .labels import LabelledRecords, ProbeRecipe
from .results import ACCURACY, Score

TABLES: Mapping[Family, tuple[int, str]] = {
    "features": (40, "probes"),
    "network": (41, "fine-tuning"),
    "language": (42, "language"),
}
"""The place on the page and the name of each family's table."""
_ASKED: Mapping[Family, str] = {
    "features": "What the features of {name} are worth",
    "network": "What {name} is worth to those who fine-tune it",
    "language": "What {name} knows of language",
}
_UNTRAINED = "The untrained network is the same one before its first step, judged in the same way"
_CALIBRATED = "; BatchNorm of both takes its statistics from plain views of training records"


def table(name: str, family: Family, scores: Sequence[Score], note: str, coverages: Sequence[Coverage]) -> Table:
    """The scores of a family.

    Args:
        name: The run's.
        family: Which evaluations.
        scores: All scores; those of other families are left out.
        note: What a reader must know of them.
        coverages: Of its test sets; of each the table says whether it is covered.
    """
    mine = [score for score in scores if score.family == family]
    columns: tuple[str, ...] = ("of", "evaluation", "accuracy %", "95%", "over untrained")
    rows: list[tuple[Cell, ...]] = [_accuracy(each) for each in mine]
    if any(each.metric != ACCURACY.name for each in mine):
        columns = ("of", "evaluation", "metric", "value", "95%", "over untrained")
        rows = [_any(each) for each in mine]
    return Table(
        title=_ASKED[family].format(name=name),
        note=" ".join([note, *(each.note for each in coverages if each.note)]),
        warning=" ".join(each.warning for each in coverages if each.warning),
        columns=columns,
        rows=tuple(rows),
        highlight="accuracy %",
    )


def label_note(recipe: ProbeRecipe, records: LabelledRecords) -> str:
    """What a reader must know of accuracies of classes."""
    tested, labelled, names = int(records.test.sum()), int((~records.test).sum()), records.classes
    learned = f"{labelled:,} labelled ones"
    intervals = "Wilson, or a bootstrap where records belong together; of differences, a paired bootstrap"
    if recipe.labels_per_class:
        learned = f"{recipe.labels_per_class} of each class, drawn {recipe.draws} times from {learned}"
        intervals = "a bootstrap of draws and test records, paired for differences"
    seen = " The network has seen the test records, too, though not their labels." if records.tested.seen else ""
    return (
        f"Share of {tested:,} test records whose class of {len(names)} "
        f"({', '.join(names[:12])}{', …' if len(names) > 12 else ''}) is found, learned from {learned}, "
        f"with 95% intervals ({intervals}). {_UNTRAINED}{_CALIBRATED}.{seen}"
    )


def language_note(coverages: Sequence[Coverage]) -> str:
    """What a reader must know of what language models know."""
    seen = "".join(f" The network was trained on {each.test_set}." for each in coverages if each.verdict == "seen")
    return (
        "With 95% intervals (of accuracies Wilson, else a bootstrap of items; of differences, a paired one). Of bits "
        f"and perplexity less is better. {_UNTRAINED}.{seen}"
    )


def _accuracy(score: Score) -> tuple[Cell, ...]:
    return score.subject, score.evaluation, round(100 * score.value, 1), *_ranges(score, 100, 1)


def _any(score: Score) -> tuple[Cell, ...]:
    """A row of numbers of different kinds."""
    share = score.metric.startswith(ACCURACY.name)
    scale, digits = (100, 1) if share else (1, 3)
    value = f"{scale * score.value:,.{digits}f}{'%' if share else ''}"
    return score.subject, score.evaluation, score.metric, value, *_ranges(score, scale, digits)


def _ranges(score: Score, scale: float, digits: int) -> tuple[str, str]:
    """The interval, and the difference from the untrained network with its own."""
    low, high = (scale * bound for bound in score.interval)
    over = ""
    if score.over_untrained is not None:
        least, most = (scale * bound for bound in score.over_untrained.interval)
        difference = scale * score.over_untrained.difference
        over = f"{difference:+,.{digits}f} ({least:+,.{digits}f} to {most:+,.{digits}f})"
    return f"{low:,.{digits}f} to {high:,.{digits}f}", over
