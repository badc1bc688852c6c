"""Passages of English manuals in three JSONL files, `train`, `held` and `test`, no page of which is in two of them.

Of each manual one version is taken, and of its pages the lines that are not on many of them, as navigation and licences
are. A page is cut, at ends of lines, into passages of up to 1,000 characters. Each has its page's `url`, and those that
are labelled their `section`: the manual and the folder, or the first word of the file, in it.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import TypedDict

from headrace.shards.base.progress import progress

from .documents import Document, read_documents

CHARACTERS, LEAST = 1000, 300
"""The longest passage, and the shortest that is kept."""
SETS = {"held": 10, "test": 10, "train": 80}
"""Percent of the pages."""
SECTIONS = {
    "cppreference-doc-en-html_bookworm": r"/en/(cpp/\w+|c)\b",
    "libreoffice-help-en-us_bookworm": r"/help/en-US/text/(\w+)/",
    "postgresql-doc-17_trixie": r"/postgresql-doc-17/html/(\w+)",
    "python3.13-doc_trixie": r"/python3.13/html/([\w-]+)/",
}
"""Of each manual, where in a page's path its section stands."""
MANY = 400
"""Passages of a section that is named."""
LABELLED = 15
"""Percent of the training passages that have a label; of the others all have."""
COMMON = 10
"""Pages of a line that is left out."""


class Passage(TypedDict):
    """One line."""

    url: str
    text: str
    section: str | None


def write_passages(documents: Path, folder: Path) -> None:
    """Write the files into a folder, which is made."""
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    unfinished.mkdir(parents=True, exist_ok=True)
    pages = [page for page in read_documents(documents, ["en"]) if page["source"] in SECTIONS]
    seen = Counter(line for page in pages for line in set(page["text"].splitlines(keepends=True)))
    own = {line for line, times in seen.items() if times <= COMMON or not line.strip()}
    found = [passage for page in pages for passage in cut(page, own)]
    counts = Counter(passage["section"] for passage in found)
    files = {name: (unfinished / f"{name}.jsonl").open("w") for name in SETS}
    with progress("passages", len(found)) as advance:
        for passage in found:
            place = set_of(passage["url"])
            named = counts[passage["section"]] >= MANY and (place != "train" or percentile(passage["text"]) < LABELLED)
            line = passage if named else Passage(**{**passage, "section": None})
            files[place].write(json.dumps(line, ensure_ascii=False) + "\n")
            advance()
    for file in files.values():
        file.close()
    unfinished.rename(folder)


def cut(page: Document, own: Container[str]) -> Iterator[Passage]:
    """The passages of a page, of its own lines."""
    manual = page["source"].partition("-doc")[0].partition("-help")[0].rstrip("0123456789.")
    found = re.search(SECTIONS[page["source"]], page["id"])
    for text in pieces(line for line in page["text"].splitlines(keepends=True) if line in own):
        if len(text) >= LEAST:
            yield Passage(url=page["id"], text=text, section=f"{manual}/{found[1]}" if found else None)


def pieces(lines: Iterable[str]) -> Iterator[str]:
    """Lines put together, as many as fit; a line that is too long stands alone, as long as it is."""
    piece = ""
    for line in lines:
        if piece and len(piece) + len(line) > CHARACTERS:
            yield piece
            piece = ""
        piece += line
    yield piece


def set_of(url: str) -> str:
    """To which set a page belongs, by a hash of its name."""
    drawn = percentile(url)
    for name, percent in SETS.items():
        if drawn < percent:
            return name
        drawn -= percent
    raise AssertionError("percents add up to 100")


def percentile(text: str) -> int:
    """A number below 100, by a hash."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) % 100
