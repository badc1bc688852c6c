"""The documents on which filters are compared: some of each language, from all of its sources alike."""

import json
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import TypedDict

from ..corpora.choice import in_turns
from ..corpora.documents import Document, read_documents

LANGUAGES = ("en", "de", "es", "fr", "it", "pt", "ru")
"""Those written with spaces between words."""

UNSPACED = ("ja", "zh")

PER_LANGUAGE = 900
MAX_CHARACTERS = 50_000
"""Longer pages (indexes, whole changelogs) would take the peer hours."""

STOP_WORDS = {
    "en": ("the", "be", "to", "of", "and", "that", "have", "with"),
    "de": ("der", "die", "das", "und", "ist", "zu", "mit", "nicht"),
    "es": ("el", "la", "de", "que", "y", "en", "los", "con"),
    "fr": ("le", "la", "les", "de", "et", "est", "que", "pour"),
    "it": ("il", "la", "di", "che", "e", "è", "per", "con"),
    "pt": ("o", "a", "de", "que", "e", "é", "para", "com"),
    "ru": ("и", "в", "не", "на", "что", "с", "для", "по"),
    "ja": ("の", "に", "は", "を", "た", "が", "で", "て"),
    "zh": ("的", "是", "在", "和", "了", "有", "不", "这"),
}
"""Gopher's own for English; as common ones for the other languages, whose documents would all be dropped otherwise."""


def sample(folder: Path, languages: Sequence[str], per_language: int) -> list[Document]:
    """Some documents of each language."""
    found = (in_turns(read_documents(folder, [language]), MAX_CHARACTERS) for language in languages)
    return [each for documents in found for each in islice(documents, per_language)]


class Task(TypedDict):
    """What the other environment reads of a document."""

    id: str
    language: str
    text: str
    stop_words: tuple[str, ...]


def write_tasks(documents: Iterable[Document], file: Path) -> None:
    """Write them as JSONL."""
    with file.open("w") as lines:
        for each in documents:
            language = each["language"]
            task = Task(id=each["id"], language=language, text=each["text"], stop_words=STOP_WORDS[language])
            lines.write(json.dumps(task) + "\n")
