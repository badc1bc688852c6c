"""Unwanted words: Raffel et al., "Exploring the Limits of Transfer Learning" (JMLR 2020), section 2.2.

C4 drops every page that holds a word of a list of obscene ones. Here no list comes with the filter: what is unwanted
is its user's to say, in one file per language.

An entry is a word or a phrase. Words are those of `kernels/words.py`: runs of letters and digits, whatever their case,
and single letters in scripts without spaces. So `ass` is not found in `class`, a phrase is found whatever stands
between its words (`so-so`, `so, so`), and an entry of Chinese, Japanese or Thai is found inside a run of letters. In
languages that join endings to words (Korean, Turkish, Finnish) each form needs an entry of its own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..batch import Batch
from ..kernels.listed_phrases import EVERY, PhraseLists, phrase_hits, phrase_lists
from ..kernels.word_hashes import word_hashes
from ._lists import Entries
from ._shares import Share, share
from .base import Measures, Record, Rule, RuleFilter

NO_LIST = -2
"""The list of a record whose language has none."""


@dataclass(frozen=True)
class UnwantedWords(RuleFilter):
    """Drops documents that hold words of a list.

    Args:
        words: Words and phrases that are unwanted in every document.
        languages: Words and phrases that are unwanted in the documents of a language, by its code as it stands in the
            record's meta: put the filter `language` before this one.
        max_hits: How many times one of them may occur.
        max_share: Which share of the document's words they may be.
        language_field: Where the language stands in a record's meta.
        skip_invalid_lines: Whether a line in a list's file that holds no word is left out with a warning; otherwise
            it is an error.
    """

    words: Entries = field(default_factory=Entries)
    languages: Mapping[str, Entries] = field(default_factory=dict)
    max_hits: float = 0
    max_share: Share = 1
    language_field: str = "language"
    skip_invalid_lines: bool = False

    rules = (
        Rule("unwanted_words", "hits", high="max_hits"),
        Rule("share_of_unwanted_words", "share", high="max_share"),
    )

    def __post_init__(self) -> None:
        """Read the lists, so that a bad line is told before any work is done."""
        _ = self._phrases

    def files(self) -> tuple[str, ...]:
        """The lists."""
        lists = (self.words, *(self.languages[name] for name in sorted(self.languages)))
        return tuple(str(file) for each in lists for file in each.files)

    def measure(self, batch: Batch) -> Measures:
        """Count entries, and the words in them; the evidence is the first one found."""
        words = batch.computed(word_hashes)
        hits = phrase_hits(words, self._lists_of(batch), self._phrases)
        evidence: list[Mapping[str, Any] | None] = [
            {"found": self._entries[entry][0]} if entry >= 0 else None for entry in hits.first.tolist()
        ]
        return Measures(
            {"hits": hits.hits.astype(np.float64), "share": share(hits.words, np.diff(words.offsets))}, evidence
        )

    def _lists_of(self, batch: Batch) -> NDArray[np.int64]:
        """The list of each record's language."""
        if not self.languages:
            return np.full(batch.num_rows, NO_LIST, np.int64)
        numbers = {language: number for number, language in enumerate(self.languages)}
        noted = [json.loads(meta).get(self.language_field) for meta in batch.column("meta").to_pylist()]
        return np.array([numbers.get(each, NO_LIST) if isinstance(each, str) else NO_LIST for each in noted], np.int64)

    @cached_property
    def _entries(self) -> list[tuple[str, int]]:
        lists = [(EVERY, self.words), *enumerate(self.languages.values())]
        return [
            (entry, number)
            for number, entries in lists
            for entry in sorted(entries.read(_phrase, self.skip_invalid_lines))
        ]

    @cached_property
    def _phrases(self) -> PhraseLists:
        return phrase_lists(self._entries)


def _phrase(entry: str) -> str:
    if not any(map(str.isalnum, entry)):
        raise ValueError("a word or a phrase")
    return entry


EXAMPLES: tuple[tuple[Record, str | None], ...] = (
    (Record(url=None, meta={}, text="With no list, no word is unwanted."), None),
)
"""The filter has no words of its own: its tests show it with lists."""
