"""The same as above, on a part of the crawl's English pages, beside datatrove's pipeline.

headrace runs with everything on. datatrove reads, extracts, filters by Gopher, C4 and FineWeb, removes near
duplicates and formats personal data (`datatrove_pipeline.py`): no language, decontamination, exact or URL duplicates.
It is shown with its own extractor, Trafilatura, and, for fairness, with Resiliparse in its place. All are timed as
commands, with the start of the interpreter and what they load.
"""

import gzip
import subprocess
import sys
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from .corpora.manuals import CRAWLED
from .curation import crawl_megabytes, write_sample
from .harness import OURS, ROOT, Benchmark, Contestant, Done, Setting, Target, Timed
from .warc_to_shards import headrace

SOURCES = tuple(source for source in CRAWLED if source.startswith(("libreoffice-help-en", "postgresql", "python")))
EVERY, SMALL = 6, 80


def prepare(setting: Setting) -> None:
    write_sample(setting, SOURCES, SMALL if setting.small else EVERY)


def trafilatura(folder: Path) -> Timed:
    return _datatrove(folder, "trafilatura")


def resiliparse(folder: Path) -> Timed:
    return _datatrove(folder, "resiliparse")


def _datatrove(folder: Path, extractor: str) -> Timed:
    command = [sys.executable, "-m", f"{__package__}.datatrove_pipeline", extractor, str(folder / "crawl")]
    size, outputs, numbers = crawl_megabytes(folder), TemporaryDirectory(dir=folder), count()

    def run() -> Done:
        out = Path(outputs.name, str(next(numbers)))
        subprocess.run([*command, str(out)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        return Done(size, lambda: {"pages kept": _lines(out / "kept")})

    return run


def _lines(folder: Path) -> int:
    return sum(len(gzip.decompress(file.read_bytes()).splitlines()) for file in folder.glob("*.jsonl.gz"))


BENCHMARK = Benchmark(
    title="WARC to curated shards, beside datatrove",
    unit="MB of WARC",
    prepare=prepare,
    contestants=(
        Contestant("headrace build, everything on", OURS, headrace),
        Contestant("datatrove, Trafilatura", "datatrove", trafilatura),
        Contestant("datatrove, Resiliparse", "datatrove", resiliparse),
    ),
    targets=(
        Target("WARC to curated shards", "datatrove, Trafilatura", "headrace build, everything on", least=20),
        Target("WARC to curated shards", "datatrove, Resiliparse", "headrace build, everything on", least=8),
    ),
    warm_up=0,
)
