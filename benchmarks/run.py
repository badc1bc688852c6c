"""Run benchmarks and write what came out.

    python -m benchmarks.run --date 2026-11-22 [NAME ...]

Writes `benchmarks/results/DATE.json` and `DATE.md`, with --name `NAME_DATE.*`; with --small, which only tries whether
everything works, into a folder of your choice. A benchmark that fails is left out, and told at the end.
"""

import argparse
import shlex
import sys
from datetime import date
from pathlib import Path

from . import machine
from .corpora.places import CORPUS
from .environments import CACHE, python_of
from .report import Run, write
from .rounds import load, measure

GROUPS = {
    "curation": (
        "text_filters",
        "text_filters_japanese",
        "minhash",
        "near_duplicates",
        "warc_to_shards",
        "warc_against_datatrove",
        "workers",
        "corpus_memory",
        "resize_build",
        "resize_views",
    ),
    "streaming": (
        "read_samples",
        "read_with_workers",
        "token_windows",
        "shuffle_quality",
        "shard_reads",
        "start_and_resume",
        "remote_epoch",
        "first_batch",
        "help_latency",
    ),
    "views": (
        "views.simclr",
        "views.dino",
        "views.mae",
        "views.simclr_12mp",
        "views.dino_12mp",
        "views.mae_12mp",
        "views.cifar",
        "views.simclr_decoded",
        "views.dino_decoded",
        "views.simclr_split",
        "views.dino_split",
        "views.simclr_12mp_split",
    ),
    "training": (
        "loop_cost.simclr",
        "loop_cost.mae",
        "loop_cost.bert",
        "loop_cost.gpt",
    ),
}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = [name for group in GROUPS.values() for name in group]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join((*GROUPS, *known))}; default: all")
    parser.add_argument("--date", required=True, type=date.fromisoformat, help="today's; it names the results")
    parser.add_argument("--name", default="", help="of the results, which end in the date")
    parser.add_argument("--rounds", type=int, default=7, help="counted rounds, at least 5 (default: 7)")
    parser.add_argument("--small", action="store_true", help="small data, to try things out; needs --out")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results", metavar="DIR")
    parser.add_argument("--cache", type=Path, default=CACHE, metavar="DIR", help="of `benchmarks.environments`")
    parser.add_argument("--corpus", type=Path, default=CORPUS, metavar="DIR", help="of `benchmarks.corpora`")
    arguments = parser.parse_args()
    names = [each for name in arguments.names or GROUPS for each in GROUPS.get(name, (name,))]
    if unknown := set(names) - set(known):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join((*GROUPS, *known))}")
    if arguments.small and arguments.out == parser.get_default("out"):
        parser.error("figures of --small are no results; give another folder with --out")
    if arguments.rounds < 5 and not arguments.small:
        parser.error("a median of fewer than 5 rounds says little; --small may have fewer")

    load_before, outcomes, failures = machine.load(), [], []
    try:
        for entrant in (each for name in names for each in load(name)[0].contestants):
            python_of(entrant.environment, arguments.cache)
    except FileNotFoundError as error:
        raise SystemExit(f"Error: {error}") from error
    for name in names:
        try:
            outcomes.append(measure(name, arguments.cache, arguments.corpus, arguments.rounds, arguments.small))
        except (OSError, RuntimeError) as error:
            failures.append(f"Error: {name}: {error}")
    stem = "_".join(filter(None, (arguments.name, str(arguments.date))))
    options = [*(["--name", arguments.name] if arguments.name else []), "--rounds", str(arguments.rounds)]
    options += ["--small"] if arguments.small else []
    command = ["python", "-m", "benchmarks.run", "--date", str(arguments.date), *options, *arguments.names]
    run = Run(str(arguments.date), shlex.join(command), machine.commit(), machine.description(), load_before, outcomes)
    for file in write(run, arguments.out, stem):
        print(file, file=sys.stderr)
    if failures:
        raise SystemExit("\n".join(failures))


if __name__ == "__main__":
    main()
