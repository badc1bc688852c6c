"""Run benchmarks and write what came out.

    python -m benchmarks.run --date 2026-11-22 [NAME ...]

Writes `benchmarks/results/DATE.json` and `DATE.md`; with --small, which only tries whether everything works, into
a folder of your choice.
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

NAMES = (
    "text_filters",
    "text_filters_japanese",
    "minhash",
    "near_duplicates",
    "warc_to_shards",
    "warc_against_datatrove",
    "workers",
    "corpus_memory",
    "read_samples",
    "token_windows",
    "start_and_resume",
    "help_latency",
)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all of {', '.join(NAMES)}")
    parser.add_argument("--date", required=True, type=date.fromisoformat, help="today's; it names the results")
    parser.add_argument("--rounds", type=int, default=7, help="counted rounds, at least 5 (default: 7)")
    parser.add_argument("--small", action="store_true", help="small data, to try things out; needs --out")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results", metavar="DIR")
    parser.add_argument("--cache", type=Path, default=CACHE, metavar="DIR", help="of `benchmarks.environments`")
    parser.add_argument("--corpus", type=Path, default=CORPUS, metavar="DIR", help="of `benchmarks.corpora`")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(NAMES):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    if arguments.small and arguments.out == parser.get_default("out"):
        parser.error("figures of --small are no results; give another folder with --out")
    if arguments.rounds < 5 and not arguments.small:
        parser.error("a median of fewer than 5 rounds says little; --small may have fewer")

    names = arguments.names or NAMES
    load_before = machine.load()
    try:
        for entrant in (each for name in names for each in load(name)[0].contestants):
            python_of(entrant.environment, arguments.cache)
        outcomes = [
            measure(name, arguments.cache, arguments.corpus, arguments.rounds, arguments.small) for name in names
        ]
    except (FileNotFoundError, RuntimeError) as error:
        raise SystemExit(f"Error: {error}") from error
    command = ["python", "-m", "benchmarks.run", "--date", str(arguments.date)]
    command += ["--rounds", str(arguments.rounds), *(["--small"] if arguments.small else []), *arguments.names]
    run = Run(str(arguments.date), shlex.join(command), machine.commit(), machine.description(), load_before, outcomes)
    for file in write(run, arguments.out, str(arguments.date)):
        print(file, file=sys.stderr)


if __name__ == "__main__":
    main()
