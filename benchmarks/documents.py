"""Text to work on, as a JSONL file in a benchmark's folder."""

import json
from pathlib import Path

from .harness import DEMO, Setting

MANUALS = ("postgresql-15", "postgresql-17", "python-3.11", "python-3.13")
FILE = "documents.jsonl"
MAX_CHARACTERS = 50_000
"""Longer pages (indexes, whole changelogs) would fill a small sample alone."""


def write_documents(setting: Setting) -> None:
    """The English pages of the two manuals in the demo's crawl, extracted from their HTML, in our environment."""
    from headrace.pipeline.extractors.resiliparse import Resiliparse
    from headrace.pipeline.readers.base import Span
    from headrace.pipeline.readers.warc import Warc
    from headrace.pipeline.records import MAX_POSITION

    extractor, reader = Resiliparse(), Warc()
    with (setting.folder / FILE).open("w") as lines:
        for manual in MANUALS[:1] if setting.small else MANUALS:
            with (DEMO / "data" / "crawl" / f"{manual}.warc.gz").open("rb") as file:
                for batch in reader.read(file, Span(0, MAX_POSITION)):
                    texts, _ = extractor.extract(batch)
                    for text in filter(None, texts.to_pylist()):
                        lines.write(json.dumps({"text": text}) + "\n")


def write_pages(setting: Setting, language: str, megabytes: float) -> None:
    """Pages in a language from all sources of the corpus, together about that much text."""
    from .corpora.choice import in_turns
    from .corpora.documents import read_documents
    from .corpora.places import Places

    pages = in_turns(read_documents(Places(setting.corpus).documents, [language]), MAX_CHARACTERS)
    size = 0
    with (setting.folder / FILE).open("w") as lines:
        while size < megabytes * 1e6:
            text = next(pages)["text"]
            size += len(text.encode())
            lines.write(json.dumps({"text": text}) + "\n")


def read_texts(folder: Path) -> list[str]:
    """The documents' texts, in any environment."""
    with (folder / FILE).open() as lines:
        return [json.loads(line)["text"] for line in lines]


def megabytes(texts: list[str]) -> float:
    """Their size in UTF-8, in millions of bytes."""
    return sum(len(text.encode()) for text in texts) / 1e6
