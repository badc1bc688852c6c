"""The same build, everything on, of the crawl with one worker and with two; the crawl is cut into files of 4 MB."""

from bisect import bisect_left
from itertools import count, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from .corpora.manuals import CRAWLED
from .corpora.places import Places
from .curation import FROM_CRAWL, build, build_command, crawl_megabytes
from .harness import OURS, Benchmark, Contestant, Done, Setting, Target, Timed

SMALL = CRAWLED[4:5]
PIECE = 4_000_000
"""Bytes, compressed, of a file of the crawl: many to a worker, as of any crawl that needs several."""


def prepare(setting: Setting) -> None:
    """The crawl, cut between records into files of about PIECE, as crawlers cut what they write."""
    from fastwarc.warc import ArchiveIterator

    (setting.folder / "crawl").mkdir()
    for source in SMALL if setting.small else CRAWLED:
        whole = Places(setting.corpus).crawl / f"{source}.warc.gz"
        with whole.open("rb") as file:
            starts = [record.stream_pos for record in ArchiveIterator(file, parse_http=False)]
        size = whole.stat().st_size
        cuts = [0, *(starts[bisect_left(starts, place)] for place in range(PIECE, starts[-1], PIECE)), size]
        data = whole.read_bytes()
        for number, (begin, end) in enumerate(pairwise(cuts)):
            (setting.folder / "crawl" / f"{source}-{number:02d}.warc.gz").write_bytes(data[begin:end])


def one(folder: Path) -> Timed:
    return _headrace(folder, 1)


def two(folder: Path) -> Timed:
    return _headrace(folder, 2)


def _headrace(folder: Path, workers: int) -> Timed:
    command = build_command(folder, "crawl/*.warc.gz", FROM_CRAWL, workers)
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
