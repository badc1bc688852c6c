"""A crawl of manuals, in many languages and two versions each of two, to curated shards.

headrace runs `headrace build` with one worker and everything on: URL rules, extraction, language, Gopher quality and
repetition, C4, FineWeb, RefinedWeb's line corrections, unwanted words, personal data, decontamination, exact, near
and URL duplicates, WebDataset shards, with its ledger and report. The floor is what nobody can do without: a bare loop
of FastWARC and Resiliparse over the same files, which only extracts the text, with the settings of the recipe, and
throws it away. It guesses encodings, wrongly for a third of the pages in French; headrace goes by HTTP and by what is
valid UTF-8. Both are timed as commands, with the start of the interpreter; headrace's with the loading of its
kernels.
"""

import subprocess
import sys
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from .corpora.manuals import CRAWLED
from .curation import FROM_CRAWL, build, build_command, crawl_files, crawl_megabytes, link_crawl
from .harness import OURS, Benchmark, Contestant, Done, Setting, Target, Timed

SMALL = CRAWLED[4:5]

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
            extract_plain_text(tree, main_content=True, preserve_formatting=True, alt_texts=False)
            pages += 1
print(pages)
"""


def prepare(setting: Setting) -> None:
    link_crawl(setting, SMALL if setting.small else CRAWLED)


def headrace(folder: Path) -> Timed:
    command, size = build_command(folder, "crawl/*.warc.gz", FROM_CRAWL, workers=1), crawl_megabytes(folder)
    outputs, numbers = TemporaryDirectory(dir=folder), count()
    return lambda: Done(size, {"pages kept": build(command, Path(outputs.name, str(next(numbers))))})


def bare_loop(folder: Path) -> Timed:
    files, size = crawl_files(folder), crawl_megabytes(folder)

    def loop() -> Done:
        run = subprocess.run([sys.executable, "-c", LOOP, *files], check=True, stdout=subprocess.PIPE)
        return Done(size, {"pages": int(run.stdout)})

    return loop


BENCHMARK = Benchmark(
    title="WARC to curated shards",
    unit="MB of WARC",
    prepare=prepare,
    contestants=(
        Contestant("FastWARC + Resiliparse, bare loop", "warc_loop", bare_loop),
        Contestant("headrace build, everything on", OURS, headrace),
    ),
    targets=(
        Target(
            "WARC to curated shards, everything on",
            "headrace build, everything on",
            "FastWARC + Resiliparse, bare loop",
            most=1.4,
        ),
    ),
)
