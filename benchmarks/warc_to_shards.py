"""The demo's crawl (two manuals in two versions each, and one declaration in many languages) to curated token shards.

headrace runs `headrace build examples/demo/text.yaml` with one worker: extraction, language, Gopher quality,
decontamination, exact and fuzzy dedup, tokenizer and shards, with its ledger and report. The floor is what nobody can
do without: a bare loop of FastWARC and Resiliparse over the same files, which only extracts the text, with the
settings of the recipe, and throws it away. headrace is timed as the command that a user types, with the start of the
interpreter and the loading of compiled kernels; the loop as a command, too.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from .harness import DEMO, OURS, Benchmark, Contestant, Done, Timed

LOOP = """
import sys
from fastwarc.warc import ArchiveIterator, WarcRecordType
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import detect_encoding
from resiliparse.parse.html import HTMLTree

pages = 0
for file in sys.argv[1:]:
    for record in ArchiveIterator(file, record_types=WarcRecordType.response):
        if record.http_headers.status_code == 200 and record.http_content_type == "text/html":
            page = record.reader.read()
            tree = HTMLTree.parse_from_bytes(page, detect_encoding(page))
            extract_plain_text(tree, main_content=True, preserve_formatting=True)
            pages += 1
print(pages)
"""


def prepare(folder: Path, small: bool) -> None:
    """The crawl with benchmark items planted, as the demo does it; the small one has a single file."""
    script, source, crawl = DEMO / "plant_benchmark.py", DEMO / "data" / "crawl", folder / "source"
    crawl.mkdir()
    for file in sorted(source.glob("*.warc.gz"))[: 2 if small else None]:
        shutil.copy(file, crawl)
    benchmark = DEMO / "data" / "benchmark" / "HumanEval.jsonl.gz"
    options = {"--crawl": crawl, "--benchmark": benchmark, "--out": folder / "crawl"}
    command = [sys.executable, script, *(part for option in options.items() for part in option)]
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)


def headrace(folder: Path) -> Timed:
    from headrace.shards.format.manifest import Manifest

    command = [str(Path(sys.executable).with_name("headrace")), "build", str(DEMO / "text.yaml"), "--workers", "1"]
    inputs = [{"path": str(folder / "crawl" / "*.warc.gz"), "source": "manuals"}]
    command.append(f"inputs={json.dumps(inputs)}")
    size = _megabytes(folder)
    outputs = TemporaryDirectory(dir=folder)
    built: list[Path] = []

    def build() -> Done:
        built.append(Path(outputs.name, str(len(built))))
        subprocess.run([*command, "--out", str(built[-1])], check=True, stdout=subprocess.DEVNULL)
        return Done(size, {"pages kept": Manifest.load(built[-1]).samples})

    return build


def bare_loop(folder: Path) -> Timed:
    files, size = sorted((folder / "crawl").glob("*.warc.gz")), _megabytes(folder)

    def loop() -> Done:
        run = subprocess.run([sys.executable, "-c", LOOP, *files], check=True, stdout=subprocess.PIPE)
        return Done(size, {"pages": int(run.stdout)})

    return loop


def _megabytes(folder: Path) -> float:
    """What a crawl is counted in: its compressed size, in millions of bytes."""
    return sum(file.stat().st_size for file in (folder / "crawl").glob("*.warc.gz")) / 1e6


BENCHMARK = Benchmark(
    title="WARC to curated shards",
    unit="MB of WARC",
    prepare=prepare,
    contestants=(
        Contestant("FastWARC + Resiliparse, bare loop", "warc_loop", bare_loop),
        Contestant("headrace build, all stages", OURS, headrace),
    ),
)
