"""How far two filters agree, and every kind of case in which they do not."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..corpora.documents import Document
from .ours import Verdict
from .pairs import Pair

TARGET = 0.9
"""Of the documents dropped by either, the share that both should drop."""

LEAST_DROPS = 200

KEPT = "kept"


@dataclass(frozen=True)
class Kind:
    """A kind of disagreement.

    Args:
        ours: Our reason, or KEPT.
        theirs: Theirs, or KEPT.
        documents: How many there are.
        languages: How many there are of each language.
        examples: Ids of some of them.
        measured: What we measured on the first of them, and the bound if it broke one.
    """

    ours: str
    theirs: str
    documents: int
    languages: dict[str, int]
    examples: tuple[str, ...]
    measured: str


@dataclass(frozen=True)
class Agreement:
    """Of one pair of filters.

    Args:
        filter: Our filter's name.
        documents: All that were judged.
        ours: How many we drop.
        theirs: How many they drop.
        both: How many both drop.
        languages: The share dropped by both of those dropped by either, by language.
        kinds: The disagreements, the most frequent first.
    """

    filter: str
    documents: int
    ours: int
    theirs: int
    both: int
    languages: dict[str, float]
    kinds: tuple[Kind, ...]

    @property
    def either(self) -> int:
        """Documents dropped by at least one."""
        return self.ours + self.theirs - self.both

    @property
    def share(self) -> float:
        """Of those dropped by either, dropped by both."""
        return self.both / max(self.either, 1)

    @property
    def reached(self) -> bool:
        """Agreement enough, on drops enough."""
        return self.share >= TARGET and min(self.ours, self.theirs) >= LEAST_DROPS


def compare(
    pair: Pair, documents: Sequence[Document], ours: Sequence[Verdict], theirs: Sequence[str | None]
) -> Agreement:
    """Set the verdicts of two filters on the same documents side by side."""
    rows = list(zip(documents, ours, theirs, strict=True))
    by_kind: dict[tuple[str, str], list[tuple[Document, Verdict]]] = {}
    for document, verdict, reason in rows:
        if (verdict.reason is None) != (reason is None):
            by_kind.setdefault((verdict.reason or KEPT, reason or KEPT), []).append((document, verdict))
    kinds = (_kind(pair, *reasons, cases) for reasons, cases in by_kind.items())
    languages = dict.fromkeys(document["language"] for document in documents)
    return Agreement(
        filter=pair.ours,
        documents=len(documents),
        ours=sum(verdict.reason is not None for verdict in ours),
        theirs=sum(reason is not None for reason in theirs),
        both=sum(verdict.reason is not None and reason is not None for _, verdict, reason in rows),
        languages={each: _share([row for row in rows if row[0]["language"] == each]) for each in languages},
        kinds=tuple(sorted(kinds, key=lambda kind: -kind.documents)),
    )


def _share(rows: Sequence[tuple[Document, Verdict, str | None]]) -> float:
    drops = [(verdict.reason is not None, reason is not None) for _, verdict, reason in rows]
    return sum(map(all, drops)) / max(sum(map(any, drops)), 1)


def _kind(pair: Pair, ours: str, theirs: str, cases: Sequence[tuple[Document, Verdict]]) -> Kind:
    languages = [document["language"] for document, _ in cases]
    return Kind(
        ours=ours,
        theirs=theirs,
        documents=len(cases),
        languages={each: languages.count(each) for each in dict.fromkeys(languages)},
        examples=tuple(document["id"] for document, _ in cases[:3]),
        measured=_measured(pair, theirs, cases[0][1]),
    )


def _measured(pair: Pair, theirs: str, verdict: Verdict) -> str:
    """Our value for the rule that only one of the two sees broken."""
    if verdict.reason is not None:
        return f"{verdict.value:.4g}, bound {verdict.threshold:.4g}"
    measure = pair.measures.get(theirs, "")
    return f"{measure} {verdict.scores[measure]:.4g}" if measure in verdict.scores else ""
