"""Four filters together, from text: Gopher quality, Gopher repetition, C4 and FineWeb, on English manual pages.

headrace judges Arrow record batches, as in its builds: all four on every document, every measured value kept, the text
walked once. datatrove gets its own documents, ready made. It is shown doing the same, all four on every document, and
as in its own pipelines, where what one filter drops does not reach the next. The floor is headrace's bare scan, which
finds every word and does nothing with it. What they drop is compared by `benchmarks.filter_agreement`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from .documents import megabytes, read_texts, write_pages
from .harness import OURS, Benchmark, Contestant, Done, Setting, Target, Timed

FILTERS = ("gopher_quality", "gopher_repetition", "c4_quality", "fineweb_quality")
THEIRS = ("GopherQualityFilter", "GopherRepetitionFilter", "C4QualityFilter", "FineWebQualityFilter")
MEGABYTES, SMALL = 2.0, 0.3


def prepare(setting: Setting) -> None:
    write_pages(setting, "en", SMALL if setting.small else MEGABYTES)


def headrace(folder: Path) -> Timed:
    from headrace.pipeline.batch import Batch
    from headrace.pipeline.filters.base import FILTERS as FOUND
    from headrace.pipeline.filters.base import KEEP
    from headrace.pipeline.records import BatchBuilder

    texts = read_texts(folder)
    builder = BatchBuilder("text")
    for number, text in enumerate(texts):
        builder.add(number, text)
    records, size, filters = builder.take(), megabytes(texts), [FOUND.load(name)() for name in FILTERS]

    def judge() -> Done:
        batch = Batch(records)  # anew: what was computed of the text is known only within a call
        kept = [each.judge(batch).rule == KEEP for each in filters]
        return Done(size, lambda: {"documents": len(texts), "kept": sum(map(all, zip(*kept, strict=True)))})

    return judge


def word_scan(folder: Path) -> Timed:
    import pyarrow as pa

    from .word_scan import word_scan

    texts = read_texts(folder)
    size, scan = megabytes(texts), word_scan(pa.array(texts, pa.large_string()))
    return lambda: Done(size, {"documents": len(texts), "words": scan()})


def every_filter(folder: Path) -> Timed:
    return _datatrove(folder, lambda filters, document: {each.filter(document) is True for each in filters} == {True})


def until_dropped(folder: Path) -> Timed:
    return _datatrove(folder, lambda filters, document: all(each.filter(document) is True for each in filters))


def _datatrove(folder: Path, keeps: Callable[[list[Any], Any], bool]) -> Timed:
    from datatrove.data import Document
    from datatrove.pipeline import filters as found

    texts = read_texts(folder)
    size, filters = megabytes(texts), [getattr(found, name)() for name in THEIRS]

    def judge() -> Done:
        # Its C4 filter writes into the document, so each round needs new ones; making them is nothing beside it.
        documents = (Document(text=text, id=str(number)) for number, text in enumerate(texts))
        kept = sum(keeps(filters, document) for document in documents)
        return Done(size, {"documents": len(texts), "kept": kept})

    return judge


BENCHMARK = Benchmark(
    title="Text filters",
    unit="MB",
    prepare=prepare,
    contestants=(
        Contestant("headrace", OURS, headrace),
        Contestant("bare word scan", OURS, word_scan),
        Contestant("datatrove, every filter on every document", "datatrove", every_filter),
        Contestant("datatrove, until dropped", "datatrove", until_dropped),
    ),
    targets=(
        Target("four text filters", "datatrove, every filter on every document", "headrace", least=200),
        Target("four text filters, English", "bare word scan", "headrace", least=0.12),
    ),
)
