"""The manuals' pages as text, in JSONL files by language: `id`, `language`, `source`, `text`.

The text is what headrace's extractor gives with its default parameters, except that everything on the page is taken,
not only its main content: navigation, tables and lists are what filters are made for.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO, TypedDict

from headrace.shards.base.progress import progress

from .manuals import Manual


class Document(TypedDict):
    """One page."""

    id: str
    language: str
    source: str
    text: str


def pages(manual: Manual, packages: Path) -> list[Path]:
    """The HTML files of an unpacked manual, in order; no symbolic links."""
    found = (packages / manual.source).rglob("*.html")
    return sorted(page for page in found if page.is_file() and not page.is_symlink())


def write_documents(manuals: Sequence[Manual], packages: Path, folder: Path) -> None:
    """Write `folder/LANGUAGE.jsonl`, all pages with any text, sorted by source and path."""
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    unfinished.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack, progress("documents", len(manuals)) as advance:
        files: dict[str, TextIO] = {}
        for manual in manuals:
            for document in _extracted(manual, packages):
                language = document["language"]
                if language not in files:
                    files[language] = stack.enter_context((unfinished / f"{language}.jsonl").open("w"))
                files[language].write(json.dumps(document, ensure_ascii=False) + "\n")
            advance(note=manual.source)
    unfinished.rename(folder)


def read_documents(folder: Path, languages: Sequence[str]) -> Iterator[Document]:
    """The documents of some languages."""
    for language in languages:
        with (folder / f"{language}.jsonl").open() as lines:
            yield from map(json.loads, lines)


def _extracted(manual: Manual, packages: Path) -> Iterator[Document]:
    from headrace.pipeline.extractors.resiliparse import Resiliparse

    extractor = Resiliparse(main_content=False)
    for page in pages(manual, packages):
        inside = page.relative_to(packages / manual.source)
        try:
            text = extractor.text_of(page.read_bytes())
        except ValueError:  # cannot be parsed
            continue
        if text.strip():
            name = f"{manual.source}/{inside}"
            yield Document(id=name, language=manual.language_of(inside), source=manual.source, text=text)
