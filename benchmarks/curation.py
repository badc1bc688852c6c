"""What several benchmarks share: the recipe with everything on, and the command that builds it."""

import gzip
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .corpora.places import Places
from .harness import DEMO, Setting

HUMAN_EVAL = {
    "file": str(DEMO / "data" / "benchmark" / "HumanEval.jsonl.gz"),
    "fields": ["prompt", "canonical_solution"],
    "id": "task_id",
}

FILTERS: tuple[str | dict[str, Any], ...] = (
    {"length": {"min_chars": 200}},
    {"language": {"allow": ["en", "de", "fr"]}},
    "gopher_repetition",
    "gopher_quality",
    "c4_quality",
    "fineweb_quality",
    "line_corrections",
    {"unwanted_words": {"words": {"entries": ["lorem ipsum", "online casino"]}}},
    "pii",
    {"decontaminate": {"benchmarks": [HUMAN_EVAL]}},
)
"""The filters of Gopher, C4, FineWeb and RefinedWeb, unwanted words, personal data, and benchmarks."""

FROM_TEXT = (*FILTERS, "exact_dedup", "minhash_dedup")

FROM_CRAWL = (
    {"url_rules": {"hard_words": {"entries": ["casino", "porn"]}}},
    "resiliparse",
    *FILTERS,
    "url_dedup",
    "exact_dedup",
    "minhash_dedup",
)
"""Everything on."""


def link_crawl(setting: Setting, sources: Sequence[str]) -> None:
    """The crawls of some sources of the corpus, in `crawl/`."""
    folder = setting.folder / "crawl"
    folder.mkdir()
    for source in sources:
        name = f"{source}.warc.gz"
        (folder / name).symlink_to((Places(setting.corpus).crawl / name).resolve(strict=True))


def write_sample(setting: Setting, sources: Sequence[str], every: int) -> None:
    """Every so many-th response of some sources as one file in `crawl/`.

    Each is given the `WARC-Identified-Payload-Type` of Common Crawl's records: datatrove reads XHTML only with it.
    """
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    (setting.folder / "crawl").mkdir()
    with (setting.folder / "crawl" / "sample.warc.gz").open("wb") as sample:
        for source in sources:
            with (Places(setting.corpus).crawl / f"{source}.warc.gz").open("rb") as file:
                responses = ArchiveIterator(file, record_types=WarcRecordType.response, parse_http=False)
                for number, record in enumerate(responses):
                    if number % every == 0:
                        headers = {**record.headers, "WARC-Identified-Payload-Type": "text/html"}
                        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
                        whole = b"WARC/1.0\r\n%b\r\n%b\r\n\r\n" % (head.encode(), record.reader.read())
                        sample.write(gzip.compress(whole))


def crawl_files(folder: Path) -> list[Path]:
    """The files that `link_crawl` made."""
    return sorted((folder / "crawl").glob("*.warc.gz"))


def crawl_megabytes(folder: Path) -> float:
    """What a crawl is counted in: its compressed size, in millions of bytes."""
    return sum(file.stat().st_size for file in crawl_files(folder)) / 1e6


def build_command(folder: Path, inputs: str, stages: Sequence[Any], workers: int, **more: Any) -> list[str]:
    """The line that a user types, without `--out OUT`; writes its recipe and sees to it that kernels are compiled.

    Args:
        folder: For the recipe.
        inputs: A glob below `folder`.
        stages: Of the recipe.
        workers: Processes.
        more: Further keys of the recipe.
    """
    entry = {"path": str(folder / inputs), "source": "corpus"}
    recipe = {"name": "corpus", "inputs": [entry], "stages": list(stages), **more}
    file = folder / f"{Path(inputs).parent.name}.yaml"
    file.write_text(json.dumps(recipe))  # JSON is YAML
    headrace = str(Path(sys.executable).with_name("headrace"))
    subprocess.run([headrace, "warmup"], check=True, stdout=subprocess.DEVNULL)
    return [headrace, "build", str(file), "--workers", str(workers)]


def build(command: Sequence[str], out: Path) -> int:
    """Run it; how many records the shards hold."""
    from headrace.shards.format.manifest import Manifest

    subprocess.run([*command, "--out", str(out)], check=True, stdout=subprocess.DEVNULL)
    return Manifest.load(out).samples
