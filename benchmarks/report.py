"""The results as JSON, for programs, and as Markdown, for people. No path and no name of a host gets into either."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from .environments import pinned
from .harness import OURS, Benchmark
from .rounds import Outcome, Result
from .targets import Reached, reached

OUR_PACKAGES = ("headrace", "numpy", "numba", "pyarrow", "torch")
QUIET = 0.05
"""Below this share of the machine used by others it is not worth a word."""


@dataclass(frozen=True)
class Run:
    """One run of the benchmarks and its circumstances.

    Args:
        date: Day of the run, ISO 8601.
        command: The line that was run.
        commit: Of the repository.
        machine: See `machine.description`.
        load: Load averages before the first round.
        outcomes: One per benchmark.
    """

    date: str
    command: str
    commit: str
    machine: Mapping[str, str | int | float]
    load: Sequence[float]
    outcomes: Sequence[Outcome]


def write(run: Run, folder: Path, stem: str) -> list[Path]:
    """Write both files; returns them."""
    folder.mkdir(parents=True, exist_ok=True)
    data, page = folder / f"{stem}.json", folder / f"{stem}.md"
    data.write_text(json.dumps(_data(run), indent=1, ensure_ascii=False) + "\n")
    page.write_text(markdown(run))
    return [data, page]


def _data(run: Run) -> dict[str, Any]:
    about = {"date": run.date, "command": run.command, "commit": run.commit}
    outcomes = {outcome.name: _outcome_data(outcome) for outcome in run.outcomes}
    return {**about, "machine": dict(run.machine), "load": list(run.load), "benchmarks": outcomes}


def _outcome_data(outcome: Outcome) -> dict[str, Any]:
    contestants = [
        {
            "name": result.contestant.name,
            "python": result.python,
            "versions": _versions(result),
            "seconds": [round(each, 6) for each in result.seconds],
            "amount": result.amount,
            "relative_time": result.per_unit / outcome.results[0].per_unit,
            "memory_mb": round(result.memory_mb, 1),
            "facts": dict(result.facts),
        }
        for result in outcome.results
    ]
    targets = [
        {
            "work": each.target.work,
            "over": each.target.over,
            "under": each.target.under,
            "fact": each.target.fact or "time",
            "least": each.target.least or None,
            "most": each.target.most if isfinite(each.target.most) else None,
            "ratio": each.ratio,
            "met": each.met,
        }
        for each in reached(outcome)
    ]
    unit, others = outcome.benchmark.unit, round(outcome.disturbance, 3)
    about = {"title": outcome.benchmark.title, "unit": unit, "share_of_others": others}
    return {**about, "targets": targets, "contestants": contestants}


def markdown(run: Run) -> str:
    """The page."""
    machine = run.machine
    lines = [
        f"# Benchmarks of {run.date}",
        "",
        f"- Machine: {machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}",
        f"- Python {machine['python']}, headrace at commit {run.commit}",
        f"- Load averages before the first round (1, 5, 15 minutes): {', '.join(f'{each:.2f}' for each in run.load)}",
        f"- Command: `{run.command}`",
        "",
        "All contestants of a table ran in one run, in turns, warm, each in a process and an environment of its own.",
        "Times are medians over the rounds, with the fastest and the slowest round behind. *Relative time* is that",
        "median over the one of the table's first row: 2.0 took twice as long, 0.5 half as long.",
        "",
        *_warning(max((outcome.disturbance for outcome in run.outcomes), default=0.0)),
    ]
    lines += _targets([each for outcome in run.outcomes for each in reached(outcome)])
    for outcome in run.outcomes:
        lines += _section(outcome)
    return "\n".join(lines)


def _warning(disturbance: float) -> list[str]:
    if disturbance < QUIET:
        return []
    return [
        f"**The machine was not quiet**: other processes used up to {disturbance:.0%} of its cores. Times are longer",
        "than they would be, those of several processes most; what can be relied upon are large ratios.",
        "",
    ]


def _targets(found: Sequence[Reached]) -> list[str]:
    if not found:
        return []
    head = ["| work | ratio | target | reached |  |", "| :-- | :-- | --: | --: | :-- |"]
    return ["## Targets", "", *head, *map(_target, found), ""]


def _target(each: Reached) -> str:
    target = each.target
    bound = f"at least {target.least:g}" if target.least else f"at most {target.most:g}"
    ratio = f"{target.fact or 'time'} of {target.over} / {target.under}"
    verdict = "yes" if each.met else f"**no** {'; '.join(each.remarks)}".strip()
    return f"| {target.work} | {ratio} | {bound} | {each.ratio:.3g} | {verdict} |"


def _section(outcome: Outcome) -> list[str]:
    benchmark, results = outcome.benchmark, outcome.results
    facts = list(dict.fromkeys(fact for result in results for fact in result.facts))
    memory = ["peak memory over bare Python"] if benchmark.fresh else []
    head = ["", "time", "fastest – slowest", f"{benchmark.unit} / s", "relative time", *memory, *facts]
    rows = [_row(result, results[0], facts, benchmark.fresh) for result in results]
    bars = [":--", *["--:"] * (len(head) - 1)]
    table = [f"| {' | '.join(cells)} |" for cells in (head, bars, *rows)]
    note = f"{len(results[0].seconds)} rounds, {_cores(benchmark)}."
    if outcome.disturbance >= QUIET:
        note += f" Other processes used {outcome.disturbance:.0%} of the machine's cores meanwhile."
    versions = {result.contestant.environment: _versions(result) for result in results}
    note += "\n" + "".join(f"\n- {name}: {_listed(each)}" for name, each in versions.items())
    return [f"## {benchmark.title}", "", outcome.description.strip(), "", *table, "", note, ""]


def _cores(benchmark: Benchmark) -> str:
    held = [entrant.name for entrant in benchmark.contestants if benchmark.one_core or entrant.one_core]
    if len(held) == len(benchmark.contestants):
        return "each held to one core"
    return f"{', '.join(held)} held to one core, the others free to use all" if held else "each free to use all cores"


def _listed(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())


def _row(result: Result, first: Result, facts: Sequence[str], memory: bool) -> list[str]:
    spread = f"{_time(min(result.seconds))} – {_time(max(result.seconds))}"
    cells = [result.contestant.name, _time(result.per_unit * result.amount), spread, _number(1 / result.per_unit)]
    cells.append(f"{result.per_unit / first.per_unit:.2f}")
    cells += [f"{result.memory_mb:.0f} MB"] if memory else []
    cells += [_number(result.facts[fact]) if fact in result.facts else "" for fact in facts]
    return cells


def _versions(result: Result) -> dict[str, str]:
    """Versions of the packages that matter to a contestant; of the others there are too many."""
    wanted = OUR_PACKAGES if result.contestant.environment == OURS else pinned(result.contestant.environment)
    return {name: result.versions[name] for name in wanted if name in result.versions}


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def _number(value: str | int | float) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"
