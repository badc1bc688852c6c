"""The agreement as Markdown and JSON."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from .causes import CAUSES, UNSPACED_CAUSES, UNSPACED_NOTE
from .compare import LEAST_DROPS, TARGET, Agreement, Kind


def as_data(agreements: Sequence[Agreement]) -> dict[str, Any]:
    """Everything, for programs."""
    return {each.filter: {**asdict(each), "share": each.share, "reached": each.reached} for each in agreements}


def as_markdown(
    title: str, circumstances: Sequence[str], agreements: Sequence[Agreement], unspaced: Sequence[Agreement]
) -> str:
    """The page: circumstances, a table of all filters, and each filter's disagreements with their causes.

    Args:
        title: Its heading.
        circumstances: What was compared, where and how.
        agreements: On languages with spaces between words.
        unspaced: On languages without; shown, not held against the target.
    """
    lines = [f"# {title}", "", *(f"- {each}" for each in circumstances), ""]
    lines += [
        "Of the documents that at least one of the two drops, the share that both drop; "
        f"target {TARGET:.0%}, with at least {LEAST_DROPS} drops each.",
        "",
        *_table(agreements, ["target"], lambda each: ["yes" if each.reached else "**no**"]),
        "",
        "By language:",
        "",
        *_by_language(agreements),
    ]
    for each in agreements:
        lines += ["", f"## {each.filter}", "", *_kinds(each, CAUSES)]
    lines += ["", "## Scripts without spaces", "", *UNSPACED_NOTE, ""]
    lines += [*_table(unspaced, [], lambda each: []), "", *_by_language(unspaced)]
    for each in unspaced:
        lines += ["", f"### {each.filter}", "", *_kinds(each, UNSPACED_CAUSES)]
    return "\n".join(lines) + "\n"


def _table(
    agreements: Sequence[Agreement], more: Sequence[str], extra: Callable[[Agreement], Sequence[str]]
) -> list[str]:
    head = ["filter", "documents", "dropped by us", "by datatrove", "by both", "agreement", *more]
    rows = [[each.filter, *map(_count, (each.documents, each.ours, each.theirs, each.both))] for each in agreements]
    rows = [[*row, f"{each.share:.1%}", *extra(each)] for row, each in zip(rows, agreements, strict=True)]
    bars = [":--", *["--:"] * 5, *[":--"] * len(more)]
    return [f"| {' | '.join(cells)} |" for cells in (head, bars, *rows)]


def _count(number: int) -> str:
    return f"{number:,}"


def _by_language(agreements: Sequence[Agreement]) -> list[str]:
    languages = list(agreements[0].languages)
    head = [f"| filter | {' | '.join(languages)} |", f"| :-- |{' --: |' * len(languages)}"]
    return head + [
        f"| {each.filter} | {' | '.join(f'{each.languages[name]:.1%}' for name in languages)} |" for each in agreements
    ]


def _kinds(agreement: Agreement, causes: Mapping[tuple[str, str, str], str]) -> list[str]:
    if not agreement.kinds:
        return ["No disagreement."]
    head = [
        "| we say | datatrove says | documents | example | our measure there | cause |",
        "| :-- | :-- | --: | :-- | :-- | :-- |",
    ]
    return head + [_kind(kind, causes.get((agreement.filter, kind.ours, kind.theirs), "")) for kind in agreement.kinds]


def _kind(kind: Kind, cause: str) -> str:
    languages = ", ".join(f"{language} {count}" for language, count in kind.languages.items())
    cells = (kind.ours, kind.theirs, f"{kind.documents} ({languages})", f"`{kind.examples[0]}`", kind.measured, cause)
    return f"| {' | '.join(cells)} |"


def unexplained(
    agreements: Sequence[Agreement], unspaced: Sequence[Agreement]
) -> Iterator[tuple[tuple[str, str, str], int]]:
    """The kinds of disagreement whose cause is not written down, with their numbers of documents."""
    for group, causes in ((agreements, CAUSES), (unspaced, UNSPACED_CAUSES)):
        for each in group:
            for kind in each.kinds:
                key = (each.filter, kind.ours, kind.theirs)
                if key not in causes:
                    yield key, kind.documents
