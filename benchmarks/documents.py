"""English text to work on: the pages of the two manuals in the demo's crawl, extracted from their HTML."""

import json
from pathlib import Path

from .harness import DEMO

MANUALS = ("postgresql-15", "postgresql-17", "python-3.11", "python-3.13")
FILE = "documents.jsonl"


def write_documents(folder: Path, small: bool) -> None:
    """Extract the pages, in our environment."""
    from headrace.pipeline.extractors.resiliparse import Resiliparse
    from headrace.pipeline.readers.base import Span
    from headrace.pipeline.readers.warc import Warc
    from headrace.pipeline.records import MAX_POSITION

    extractor, reader = Resiliparse(), Warc()
    with (folder / FILE).open("w") as lines:
        for manual in MANUALS[:1] if small else MANUALS:
            with (DEMO / "data" / "crawl" / f"{manual}.warc.gz").open("rb") as file:
                for batch in reader.read(file, Span(0, MAX_POSITION)):
                    texts, _ = extractor.extract(batch)
                    for text in filter(None, texts.to_pylist()):
                        lines.write(json.dumps({"text": text}) + "\n")


def read_texts(folder: Path) -> list[str]:
    """The documents' texts, in any environment."""
    with (folder / FILE).open() as lines:
        return [json.loads(line)["text"] for line in lines]


def megabytes(texts: list[str]) -> float:
    """Their size in UTF-8, in millions of bytes."""
    return sum(len(text.encode()) for text in texts) / 1e6
