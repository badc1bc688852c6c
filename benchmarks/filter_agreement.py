"""Whether our filters drop what datatrove's drop, on real pages in seven languages, and in two without spaces.

    python -m benchmarks.filter_agreement --date 2026-11-22

Needs the corpus (`python -m benchmarks.corpora`) and datatrove's environment (`python -m benchmarks.environments
datatrove`). Both sides judge each document by each filter alone, from the same text, with each one's default
thresholds and the same stop words; datatrove is told the language. Writes `results/filter_agreement_DATE.json`
and `.md`. Their verdicts are kept in the corpus folder, and used again for the same documents and versions.
"""

import argparse
import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from . import machine
from .agreement.compare import Agreement, compare
from .agreement.ours import judge
from .agreement.page import as_data, as_markdown, unexplained
from .agreement.pairs import PAIRS, PEER
from .agreement.sample import LANGUAGES, PER_LANGUAGE, UNSPACED, sample, write_tasks
from .corpora.documents import Document
from .corpora.places import CORPUS, Places
from .environments import CACHE, pinned_versions, python_of
from .harness import ROOT


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--date", required=True, type=date.fromisoformat, help="today's; it names the results")
    parser.add_argument("--per-language", type=int, default=PER_LANGUAGE, help=f"default: {PER_LANGUAGE}")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results", metavar="DIR")
    parser.add_argument("--corpus", type=Path, default=CORPUS, metavar="DIR", help="of `benchmarks.corpora`")
    parser.add_argument("--cache", type=Path, default=CACHE, metavar="DIR", help="of `benchmarks.environments`")
    arguments = parser.parse_args()

    spaced, unspaced = (
        sample(Places(arguments.corpus).documents, languages, count)
        for languages, count in ((LANGUAGES, arguments.per_language), (UNSPACED, arguments.per_language // 3))
    )
    agreements, others = (
        agreements_on(documents, arguments.corpus / "agreement", arguments.cache) for documents in (spaced, unspaced)
    )

    about = machine.description()
    circumstances = [
        f"{len(spaced):,} pages of manuals in {', '.join(LANGUAGES)}, "
        f"{sum(len(each['text'].encode()) for each in spaced) / 1e6:.1f} MB of text",
        f"headrace at commit {machine.commit()}, Python {about['python']}; {pinned_versions(PEER)}",
        f"Command: `python -m benchmarks.filter_agreement --date {arguments.date}`",
    ]
    arguments.out.mkdir(parents=True, exist_ok=True)
    stem = arguments.out / f"filter_agreement_{arguments.date}"
    stem.with_suffix(".json").write_text(
        json.dumps({"spaced": as_data(agreements), "unspaced": as_data(others)}, indent=1, ensure_ascii=False) + "\n"
    )
    stem.with_suffix(".md").write_text(
        as_markdown(f"Agreement with datatrove's filters, {arguments.date}", circumstances, agreements, others)
    )
    for kind, count in unexplained(agreements, others):
        print(f"no cause is written down for {kind}: {count} documents", file=sys.stderr)


def agreements_on(documents: Sequence[Document], kept: Path, cache: Path) -> list[Agreement]:
    """Both sides' verdicts on some documents, compared filter by filter."""
    theirs = their_verdicts(documents, kept, cache)
    return [compare(pair, documents, judge(pair, documents), [each[pair.ours] for each in theirs]) for pair in PAIRS]


def their_verdicts(documents: Sequence[Document], kept: Path, cache: Path) -> list[dict[str, str | None]]:
    """Their reason by our filter's name for each document; None where they keep it.

    Raises:
        subprocess.CalledProcessError: datatrove failed.
    """
    kept.mkdir(parents=True, exist_ok=True)
    tasks = kept / "tasks.jsonl"
    write_tasks(documents, tasks)
    key = hashlib.blake2b(tasks.read_bytes() + pinned_versions(PEER).encode(), digest_size=8).hexdigest()
    verdicts = kept / f"{key}.jsonl"
    if not verdicts.exists():
        unfinished = verdicts.with_suffix(".unfinished")
        command = [str(python_of(PEER, cache)), "-m", f"{__package__}.agreement.peer", str(tasks), str(unfinished)]
        subprocess.run(command, cwd=ROOT, check=True)
        unfinished.rename(verdicts)
    with verdicts.open() as lines:
        return [json.loads(line) for line in lines]


if __name__ == "__main__":
    main()
