"""A table as Markdown, for people, and as JSON, for programs."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from .effects import Effects
from .table import TRAINED, UNTRAINED, Finding, Spread

HEAD = ("", "evaluation", "trained", "untrained", "margin", "", "raw input", "margin", "")


def markdown(
    title: str, circumstances: Sequence[str], found: Sequence[Finding], made: Sequence[Effects], log: str
) -> str:
    """The page."""
    bars = [":--" if place < 2 or not name else "--:" for place, name in enumerate(HEAD)]
    lines = [HEAD, bars, *(_row(each) for each in found)]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    about = "\n".join(f"- {each}" for each in circumstances)
    parts = [f"# {title}", about, table, *([_differences(made)] if made else []), log.strip()]
    return "\n\n".join(parts) + "\n"


def _differences(made: Sequence[Effects]) -> str:
    """What of the variance over the table's rows is whose."""
    names = [*made[0].shares]
    lines = [
        "## What makes the difference",
        "",
        f"Shares of the variance of what was trained, over {names[1]} and {names[0]}:",
    ]
    lines += ["", f"|  | {' | '.join(names)} |", f"| :-- | {' | '.join(['--:'] * len(names))} |"]
    for each in made:
        shares = [f"{100 * share.mean:.0f}% ± {100 * share.deviation:.0f}" for share in each.shares.values()]
        lines.append(f"| {' | '.join([each.evaluation, *shares])} |")
    return "\n".join(lines)


def _row(each: Finding) -> list[str]:
    digits = 1 if each.metric == "accuracy" else 3
    cells = [each.row, f"{each.evaluation}, {each.metric}", _told(each.found[TRAINED], digits)]
    cells += _beside(each, UNTRAINED, _told(each.found[UNTRAINED], digits), digits)
    raw = each.raw
    return cells + (_beside(each, raw, f"{each.found[raw].mean:.{digits}f} ({raw})", digits) if raw else ["", "", ""])


def _beside(each: Finding, other: str, value: str, digits: int) -> list[str]:
    margin = each.margin(other)
    verdict = {True: "shown", False: "not shown", None: ""}[each.shown(other)]
    return [value, f"{margin.mean:+.{digits}f} ± {margin.deviation:.{digits}f}", verdict]


def _told(spread: Spread, digits: int) -> str:
    return f"{spread.mean:.{digits}f} ± {spread.deviation:.{digits}f}"


def as_data(
    about: dict[str, Any], found: Sequence[Finding], made: Sequence[Effects], runs: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """The same, with each seed's values and what each run took."""
    findings, effects = [_data(each) for each in found], [asdict(each) for each in made]
    return {**about, "findings": findings, "effects": effects, "runs": list(runs)}


def _data(each: Finding) -> dict[str, Any]:
    others = [other for other in each.found if other != TRAINED]
    margins = {other: {"values": each.margin(other).values, "shown": each.shown(other)} for other in others}
    return {**asdict(each), "margins": margins}
