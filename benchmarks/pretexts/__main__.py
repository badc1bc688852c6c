"""Train the recipes of a table with several seeds, judge them, and write the table.

    python -m benchmarks.pretexts pretexts --date 2026-11-23          # each pretext on real data: 15 runs
    python -m benchmarks.pretexts augmentations --date 2026-11-23     # SimCLR's augmentations x networks: 18 runs

Needs the corpus (`python -m benchmarks.corpora pages`, `cifar`, `fashion`). Every run is a `headrace train`, which
goes on where it was killed; a run that is finished is not done again. Seeds 3, 4 and 5 are judged on the test sets;
recipes were tuned with seeds 0, 1 and 2 on held-out training data:

    python -m benchmarks.pretexts pretexts --held --rows mae --seeds 0 1 2 --date 2026-11-23 --out /tmp/tuning

Writes `results/TABLE_DATE.json` and `.md`.
"""

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from statistics import mean
from typing import Any

from headrace.shards.base.progress import progress

from .. import machine
from ..corpora.places import CORPUS
from ..environments import CACHE
from .effects import effects
from .page import as_data, markdown
from .studies import STUDIES, Row
from .table import DEVIATIONS, POINTS, findings
from .workshop import HERE, Workshop, spent

RESULTS, TUNING = HERE.parent / "results", HERE / "tuning.md"
REPORTED = (3, 4, 5)


def main() -> None:
    """The command line."""
    arguments = _arguments()
    workshop = Workshop(arguments.work.resolve(), "held" if arguments.held else "test", tuple(arguments.set))
    rows = [row for row in STUDIES[arguments.table] if not arguments.rows or row.name in arguments.rows]
    workshop.furnish(arguments.corpus)
    for data in dict.fromkeys(row.data for row in rows):
        workshop.build(data)

    runs: dict[str, list[Path]] = {row.name: [] for row in rows}
    with progress("runs", len(rows) * len(arguments.seeds)) as advance:
        for seed in arguments.seeds:
            for row in rows:
                runs[row.name].append(workshop.run(row, seed))
                advance(note=f"{row.name}, seed {seed}")

    found = [each for row in rows for each in findings(row.name, [_scores(run) for run in runs[row.name]])]
    taken = [_taken(row, seed, run) for row in rows for seed, run in zip(arguments.seeds, runs[row.name], strict=True)]
    made = effects(rows, found)
    about = {"date": str(arguments.date), "command": _command(), "commit": machine.commit(), **machine.description()}
    title = f"{arguments.table.capitalize()} on real data, {arguments.date}"
    arguments.out.mkdir(parents=True, exist_ok=True)
    stem = arguments.out / f"{arguments.table}_{arguments.date}"
    stem.with_suffix(".json").write_text(json.dumps(as_data(about, found, made, taken), indent=1) + "\n")
    page = markdown(title, _circumstances(about, arguments, taken), found, made, TUNING.read_text())
    stem.with_suffix(".md").write_text(page)
    print(stem.with_suffix(".md"), file=sys.stderr)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=STUDIES)
    parser.add_argument("--date", required=True, type=date.fromisoformat, help="today's; it names the results")
    parser.add_argument("--seeds", nargs="+", type=int, default=REPORTED, help="default: 3 4 5")
    parser.add_argument("--rows", nargs="+", metavar="ROW", help="default: all")
    parser.add_argument("--held", action="store_true", help="judge on held-out training data; needs --out")
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="change all recipes; needs --out")
    parser.add_argument("--out", type=Path, default=RESULTS, metavar="DIR")
    parser.add_argument("--work", type=Path, default=CACHE / "pretexts", metavar="DIR", help="shards and runs")
    parser.add_argument("--corpus", type=Path, default=CORPUS, metavar="DIR", help="of `benchmarks.corpora`")
    arguments = parser.parse_args()
    known = [row.name for row in STUDIES[arguments.table]]
    if unknown := set(arguments.rows or ()) - set(known):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    if arguments.out == RESULTS and (arguments.held or arguments.set or tuple(arguments.seeds) != REPORTED):
        parser.error("results are of the recipes as they are, seeds 3, 4 and 5, on the test sets; give another --out")
    return arguments


def _scores(run: Path) -> list[dict[str, Any]]:
    scores: list[dict[str, Any]] = json.loads((run / "evals.json").read_text())["scores"]
    return scores


def _taken(row: Row, seed: int, run: Path) -> dict[str, Any]:
    """What a run took, with whatever was begun again."""
    lines = spent(run)

    def total(command: str) -> dict[str, float]:
        mine = [line for line in lines if line["command"] == command]
        return {key: round(sum(line[key] for line in mine), 1) for key in ("seconds", "cpu_seconds")}

    return {"row": row.name, "seed": seed, "train": total("train"), "eval": total("eval")}


def _circumstances(about: dict[str, Any], arguments: argparse.Namespace, taken: Sequence[dict[str, Any]]) -> list[str]:
    told = [f"{about['cpu']}, {about['cores']} cores, {about['memory_gb']} GB, {about['system']}"]
    told += [f"Python {about['python']}, headrace at commit {about['commit']}", f"Command: `{about['command']}`"]
    seeds = ", ".join(map(str, arguments.seeds))
    told += [f"Seeds {seeds}: mean ± standard deviation of one; margins are over the same seed's"]
    told += [f"*Shown* is a margin of at least {POINTS:g} points and {DEVIATIONS:g} standard deviations"]
    for row in dict.fromkeys(each["row"] for each in taken):
        mine = [each for each in taken if each["row"] == row]
        parts = [f"{kind} {mean(each[kind]['cpu_seconds'] for each in mine):.0f}" for kind in ("train", "eval")]
        told.append(f"CPU seconds of a run of {row}: {', '.join(parts)}")
    return told


def _command() -> str:
    """The line that was typed, without where things lie on this machine."""
    words = iter(sys.argv[1:])
    kept: list[str] = []
    for word in words:
        if word in ("--work", "--corpus", "--out"):
            next(words)
        else:
            kept.append(word)
    return shlex.join(["python", "-m", "benchmarks.pretexts", *kept])


if __name__ == "__main__":
    main()
