"""The same build, everything on, of the crawl with one worker and with two."""

from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from .corpora.manuals import CRAWLED
from .curation import FROM_CRAWL, build, build_command, crawl_megabytes, link_crawl
from .harness import OURS, Benchmark, Contestant, Done, Setting, Target, Timed

SMALL = CRAWLED[4:5]
SPLIT = "4MB"
"""Pieces small enough that no worker waits long for the last one of another."""


def prepare(setting: Setting) -> None:
    link_crawl(setting, SMALL if setting.small else CRAWLED)


def one(folder: Path) -> Timed:
    return _headrace(folder, 1)


def two(folder: Path) -> Timed:
    return _headrace(folder, 2)


def _headrace(folder: Path, workers: int) -> Timed:
    command = build_command(folder, "crawl/*.warc.gz", FROM_CRAWL, workers, split_bytes=SPLIT)
    size, outputs, numbers = crawl_megabytes(folder), TemporaryDirectory(dir=folder), count()
    return lambda: Done(size, {"pages kept": build(command, Path(outputs.name, str(next(numbers))))})


BENCHMARK = Benchmark(
    title="Workers",
    unit="MB of WARC",
    prepare=prepare,
    contestants=(Contestant("1 worker", OURS, one), Contestant("2 workers", OURS, two)),
    targets=(Target("WARC to curated shards, 1 to 2 workers", "1 worker", "2 workers", least=1.8),),
    one_core=False,
    warm_up=0,
)
