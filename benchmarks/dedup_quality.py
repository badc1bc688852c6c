"""How good fuzzy dedup is, held against the exact similarity of all pairs by other code.

    python -m benchmarks.dedup_quality --date 2026-11-22

Needs the corpus (`python -m benchmarks.corpora`). The documents are three versions each of the PostgreSQL and Python
manuals, the Japanese pages, and edited copies of some of all. `headrace build` removes near duplicates with the default
parameters of `minhash_dedup`; what its ledger says of each dropped record is checked here: words, shingles and
similarities are computed again with regular expressions, Python's sets and scipy, and share no code with the kernels.
Writes `results/dedup_quality_DATE.json` and `.md`.
"""

import argparse
import json
import random
import re
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from scipy.sparse import csr_array

from . import machine
from .corpora.documents import read_documents
from .corpora.places import CORPUS, Places

VERSIONED = ("postgresql-doc-", "python3.")
JAPANESE = 1500
EDITED = 800

N, CHARACTERS, SIMILARITY, CHECKED = 5, 10, 0.8, 0.85
BINS = (0.8, 0.85, 0.9, 0.95, 1.0, 1.01)
ROWS = 500

UNSPACED = ("CJK ", "HIRAGANA ", "KATAKANA", "IDEOGRAPHIC ITERATION", "HALFWIDTH KATAKANA", "THAI ", "LAO ", "KHMER ")


@dataclass(frozen=True)
class Bin:
    """Pairs of a range of similarities, and how many of them both stay."""

    low: float
    high: float
    pairs: int
    both_stay: int


@dataclass(frozen=True)
class Quality:
    """What came out.

    Args:
        documents: How many there are.
        dropped: How many the build dropped.
        below: Those whose similarity to their named survivor is below the threshold, or that are no duplicate at all.
        lost_survivors: Those whose named survivor does not stay itself.
        least: The least similarity of a dropped record to its survivor.
        deviation: The largest difference between a recorded similarity and the one computed here.
        recall: Of the pairs above CHECKED, the share of which not both stay.
        bins: The same by similarity.
    """

    documents: int
    dropped: int
    below: int
    lost_survivors: int
    least: float
    deviation: float
    recall: float
    bins: tuple[Bin, ...]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--date", required=True, type=date.fromisoformat, help="today's; it names the results")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results", metavar="DIR")
    parser.add_argument("--corpus", type=Path, default=CORPUS, metavar="DIR", help="of `benchmarks.corpora`")
    arguments = parser.parse_args()
    texts = documents(Places(arguments.corpus).documents)
    with tempfile.TemporaryDirectory() as folder:
        dropped = removed_by_build(texts, Path(folder))
    quality = assess(texts, dropped)
    arguments.out.mkdir(parents=True, exist_ok=True)
    stem = arguments.out / f"dedup_quality_{arguments.date}"
    stem.with_suffix(".json").write_text(json.dumps(asdict(quality), indent=1) + "\n")
    stem.with_suffix(".md").write_text(as_markdown(quality, arguments.date))


def documents(folder: Path) -> list[str]:
    """The texts: manuals in several versions, Japanese ones, and edited copies of both."""
    english = [each["text"] for each in read_documents(folder, ["en"]) if each["source"].startswith(VERSIONED)]
    japanese = [each["text"] for each in read_documents(folder, ["ja"])][:JAPANESE]
    draw = random.Random(1)
    originals = [text for text in draw.sample(english + japanese, 2 * EDITED) if len(text) > 500][:EDITED]
    texts = english + japanese + [edited(text, draw) for text in originals]
    draw.shuffle(texts)
    return texts


def edited(text: str, draw: random.Random) -> str:
    """A copy with what a mirror, a new release or another template would change."""
    pieces = re.split(r"(?<=\W)(?=\w)", text)
    kind = draw.randrange(5)
    if kind == 0:  # some words are others
        for _ in range(max(1, len(pieces) // draw.choice([30, 80, 200]))):
            pieces[draw.randrange(len(pieces))] = "changed "
    elif kind == 1:  # a part is missing
        start = draw.randrange(len(pieces))
        del pieces[start : start + len(pieces) // draw.choice([6, 12, 25])]
    elif kind == 2:  # a frame around it
        pieces = ["Home Products Support Contact us. ", *pieces, " All rights reserved, 2026."]
    elif kind == 3:  # another place for its last part
        cut = len(pieces) * 3 // 4
        pieces = pieces[cut:] + pieces[:cut]
    else:  # what is not compared at all: case, punctuation, white space
        return re.sub(r"[^\w\s]+", " ", text).upper()
    return "".join(pieces)


def removed_by_build(texts: Sequence[str], folder: Path) -> dict[int, tuple[int, float]]:
    """Dropped document -> (survivor, similarity), as the ledger of a build tells."""
    from headrace.pipeline.build import build

    (folder / "texts.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    stage = {"minhash_dedup": {"similarity": SIMILARITY, "ngram": N, "characters": CHARACTERS}}
    recipe = {"inputs": [{"path": "texts.jsonl"}], "stages": [stage], "output": {"format": "jsonl"}}
    (folder / "quality.yaml").write_text(json.dumps(recipe))
    build(folder / "quality.yaml", folder / "out")
    rows: list[dict[str, Any]] = []
    for part in sorted((folder / "out" / "ledger").glob("part-*.parquet")):
        rows += pq.read_table(part, columns=["id", "fate", "survivor", "value"]).to_pylist()
    places = {row["id"]: place for place, row in enumerate(rows)}
    return {places[row["id"]]: (places[row["survivor"]], row["value"]) for row in rows if row["fate"] == "dropped"}


def assess(texts: Sequence[str], dropped: dict[int, tuple[int, float]]) -> Quality:
    """Hold what was dropped against the similarity of all pairs."""
    exact: dict[tuple[int, int], float] = {}
    similar = np.empty(0)
    both_stay = np.empty(0, bool)
    stays = np.ones(len(texts), bool)
    stays[list(dropped)] = False
    named = {tuple(sorted((number, survivor))) for number, (survivor, _) in dropped.items()}
    for left, right, similarity in similar_pairs(shingle_sets(texts)):
        similar = np.concatenate([similar, similarity])
        both_stay = np.concatenate([both_stay, stays[left] & stays[right]])
        pairs = zip(left.tolist(), right.tolist(), similarity.tolist(), strict=True)
        exact |= {(a, b): value for a, b, value in pairs if (a, b) in named}
    # A pair that is not among the similar ones counts as unlike.
    found = {number: exact.get((min(number, to), max(number, to)), 0.0) for number, (to, _) in dropped.items()}
    checked = similar >= CHECKED
    return Quality(
        documents=len(texts),
        dropped=len(dropped),
        below=sum(value < SIMILARITY for value in found.values()),
        lost_survivors=sum(not stays[survivor] for survivor, _ in dropped.values()),
        least=min(found.values(), default=1.0),
        deviation=max((abs(found[number] - value) for number, (_, value) in dropped.items()), default=0.0),
        recall=1 - float(np.mean(both_stay[checked])),
        bins=tuple(
            Bin(low, high, int(np.sum(within)), int(np.sum(both_stay[within])))
            for low, high in pairwise(BINS)
            for within in [(similar >= low) & (similar < high)]
        ),
    )


def shingle_sets(texts: Sequence[str]) -> list[set[tuple[str, ...]]]:
    """The word n-grams of each text; longer ones where most words are characters of scripts without spaces."""
    lowered = {ord(each): each.lower()[0] for each in set().union(*texts)}
    characters = sorted(set(lowered.values()))
    marks = "".join(each for each in characters if unicodedata.category(each)[0] == "M")
    letters = [each for each in characters if unicodedata.category(each)[0] in "LN"]
    unspaced = {
        each for each in letters if unicodedata.category(each)[0] == "L" and unicodedata.name(each).startswith(UNSPACED)
    }
    spaced = re.escape("".join(each for each in letters if each not in unspaced))
    alone, mark = re.escape("".join(sorted(unspaced)) or "\0"), re.escape(marks or "\0")
    word = re.compile(f"[{alone}][{mark}]*|[{spaced}][{spaced}{mark}]*")
    sets = []
    for text in texts:
        words = word.findall(text.translate(lowered))
        n = CHARACTERS if 2 * sum(each[0] in unspaced for each in words) > len(words) else N
        sets.append(
            {tuple(words[start : start + n]) for start in range(max(1, len(words) - n + 1))} if words else set()
        )
    return sets


def similar_pairs(sets: Sequence[set[tuple[str, ...]]]) -> Iterator[tuple[Any, Any, Any]]:
    """All pairs (i < j) whose similarity is at least the least of BINS, some rows at a time: i, j, similarity."""
    numbers: dict[tuple[str, ...], int] = {}
    rows = [[numbers.setdefault(each, len(numbers)) for each in some] for some in sets]
    sizes = np.array([len(row) for row in rows])
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    matrix = csr_array((np.ones(offsets[-1], np.int32), np.concatenate(rows), offsets), (len(sets), len(numbers)))
    for start in range(0, len(sets), ROWS):
        common = (matrix[start : start + ROWS] @ matrix.T).tocoo()
        left, right = common.row + start, common.col
        similarity = common.data / (sizes[left] + sizes[right] - common.data)
        wanted = (left < right) & (similarity >= BINS[0])
        yield left[wanted], right[wanted], similarity[wanted]


def as_markdown(quality: Quality, day: date) -> str:
    """The results as a page."""
    about = machine.description()
    lines = [
        f"# Fuzzy dedup against all pairs, {day}",
        "",
        f"{quality.documents:,} documents: three versions each of the PostgreSQL and Python manuals, {JAPANESE:,} "
        f"Japanese pages, {EDITED} edited copies. headrace at commit {machine.commit()}, Python {about['python']}; "
        f"default parameters: similarity {SIMILARITY}, word {N}-grams ({CHARACTERS} characters in Japanese).",
        f"Command: `python -m benchmarks.dedup_quality --date {day}`",
        "",
        f"- Dropped: {quality.dropped:,}. Below the threshold to their named survivor: **{quality.below}**; the least "
        f"similar has {quality.least:.4f}. Named survivors that do not stay themselves: **{quality.lost_survivors}**.",
        f"- The largest difference between a recorded similarity and the one computed here: {quality.deviation:.1e}.",
        f"- Of the pairs at a similarity of {CHECKED} or more, **{quality.recall:.4%}** have lost one or both.",
        "",
        "| similarity | pairs | both stay | recall |",
        "|---|---:|---:|---:|",
    ]
    for each in quality.bins:
        recall = f"{1 - each.both_stay / each.pairs:.4%}" if each.pairs else "-"
        name = f"{each.low:.2f} to {each.high:.2f}" if each.low < 1 else "1"
        lines.append(f"| {name} | {each.pairs:,} | {each.both_stay:,} | {recall} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
