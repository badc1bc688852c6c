"""Gopher's quality rules on English manual pages.

headrace judges Arrow record batches of the whole lot, as in its builds, and keeps every measured value of every
document; datatrove gets its own documents, ready made, and stops at the first broken rule.

They do not keep the same documents. Where Gopher wants 80% of the words to hold a letter, datatrove also counts
punctuation marks as words, so that it drops many pages with code; headrace counts what stands between white space.
"""

from pathlib import Path

from .documents import megabytes, read_texts, write_documents
from .harness import OURS, Benchmark, Contestant, Done, Timed


def headrace(folder: Path) -> Timed:
    from headrace.pipeline.filters.base import KEEP
    from headrace.pipeline.filters.gopher_quality import GopherQuality
    from headrace.pipeline.records import BatchBuilder

    texts = read_texts(folder)
    builder = BatchBuilder("text")
    for number, text in enumerate(texts):
        builder.add(number, text)
    batch, size, rules = builder.take(), megabytes(texts), GopherQuality()
    return lambda: Done(size, {"documents": len(texts), "kept": int((rules.judge(batch).rule == KEEP).sum())})


def datatrove(folder: Path) -> Timed:
    from datatrove.data import Document
    from datatrove.pipeline.filters import GopherQualityFilter

    texts = read_texts(folder)
    documents = [Document(text=text, id=str(number)) for number, text in enumerate(texts)]
    size, rules = megabytes(texts), GopherQualityFilter()
    return lambda: Done(size, {"documents": len(texts), "kept": sum(rules.filter(each) is True for each in documents)})


BENCHMARK = Benchmark(
    title="Gopher quality",
    unit="MB",
    prepare=write_documents,
    contestants=(Contestant("headrace", OURS, headrace), Contestant("datatrove", "datatrove", datatrove)),
)
