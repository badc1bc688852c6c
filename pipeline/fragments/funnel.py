"""The funnel: records and bytes that are left after each stage, in all, by reason, and by language and source."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from headrace.shards.base.counts import counted
from headrace.shards.base.report import Table

MOST_ROWS = 60
MOST_KINDS = 20


class Group(NamedTuple):
    """Records that went the same way; `stage` and `reason` are empty for kept ones, `language` where none was noted."""

    source: str
    language: str
    fate: str
    stage: str
    reason: str


Funnel = Mapping[Group, tuple[int, int]]
"""Group -> (records, bytes as read)."""


def funnel_table(stages: Sequence[str], funnel: Funnel) -> Table:
    """Records and bytes that are left after each stage.

    Args:
        stages: Their labels, in the recipe's order.
        funnel: Every record's group.
    """
    records, size = _sum(funnel.values())
    first, first_size = records, size
    rows: list[tuple[str | int | float, ...]] = [("read", records, size, 0, 100.0)]
    for stage in ("read", *stages):
        dropped, lost = _sum(counts for group, counts in funnel.items() if group.stage == stage)
        if stage == "read" and not dropped:
            continue
        records, size = records - dropped, size - lost
        label = "unreadable" if stage == "read" else stage
        rows.append((label, records, size, dropped, _percent(records, first)))
    return Table(
        title="The funnel",
        note=f"Records and bytes (as read: {counted(first, 'record')}, {counted(first_size, 'byte')}) left after each "
        "stage. Every record is in the ledger with its reason; in = kept + dropped + failed was checked.",
        columns=("stage", "records left", "bytes left", "dropped or failed", "% left"),
        rows=tuple(rows),
        highlight="% left",
    )


def reasons_table(funnel: Funnel) -> Table:
    """How many records each reason took, by source."""
    taken: dict[tuple[str, str, str], tuple[int, int]] = {}
    for group, counts in funnel.items():
        if group.fate != "kept":
            reason = group.reason if group.fate == "dropped" else f"failed: {group.reason}"[:120]
            key = (group.stage, reason, group.source)
            taken[key] = _sum([taken.get(key, (0, 0)), counts])
    rows = sorted(((*key, *counts) for key, counts in taken.items()), key=lambda row: (-row[3], row))
    return Table(
        title="Why records were dropped",
        note="The first stage that drops a record names the reason.",
        columns=("stage", "reason", "source", "records", "bytes"),
        rows=tuple(rows[:MOST_ROWS]),
        highlight="records",
    )


def mixture_table(stages: Sequence[str], funnel: Funnel) -> Table | None:
    """Records and bytes of each language and source after each stage that takes any; None where there is but one."""
    taking = [stage for stage in ("read", *stages) if any(group.stage == stage for group in funnel)]
    kinds = {(group.language, group.source) for group in funnel}
    if len(kinds) < 2:
        return None
    rows: list[tuple[str | int | float, ...]] = []
    for kind in kinds:
        own = {group: counts for group, counts in funnel.items() if (group.language, group.source) == kind}
        read, kept = _sum(own.values()), _sum(counts for group, counts in own.items() if group.fate == "kept")
        after = [
            _sum(counts for group, counts in own.items() if group.stage not in taking[:place])[0]
            for place in range(1, len(taking))
        ]
        rows.append((kind[0] or "-", kind[1], *read, *after, *kept, _percent(kept[1], read[1])))
    rows.sort(key=lambda row: (-int(row[3]), row[:2]))
    return Table(
        title="Languages and sources",
        note="Records and bytes as read, records left after each stage, and what was kept."
        + (f" The {MOST_KINDS} largest of {len(rows)}." if len(rows) > MOST_KINDS else ""),
        columns=(
            "language",
            "source",
            "read",
            "bytes",
            *("unreadable" if stage == "read" else stage for stage in taking[:-1]),
            "kept",
            "bytes kept",
            "% of bytes",
        ),
        rows=tuple(rows[:MOST_KINDS]),
        highlight="% of bytes",
    )


def _sum(counts: Iterable[tuple[int, int]]) -> tuple[int, int]:
    records, size = 0, 0
    for each in counts:
        records, size = records + each[0], size + each[1]
    return records, size


def _percent(part: int, whole: int) -> float:
    return round(100 * part / max(whole, 1), 1)
