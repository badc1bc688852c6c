r"""A pattern of the user's own, by RE2: its time grows with the length of the text and with nothing else.

RE2 has no back references (`\1`), no look-ahead or look-behind (`(?=`, `(?<!`), no possessive or atomic groups, and no
repetition above 1,000 (`a{2000}`): these cannot be had in linear time. Its syntax: https://github.com/google/re2/wiki/Syntax
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..batch import Batch
from ._shares import Share, share
from .base import Measures, Record, Rule, RuleFilter

NOTHING = r"[^\s\S]"
"""The pattern that matches nothing."""


@dataclass(frozen=True)
class Regex(RuleFilter):
    r"""Drops documents by how often a pattern occurs in them, and by how much of them it takes.

    By default a document in which it occurs is dropped; `min_matches: 1, max_matches: .inf` keeps those alone.

    Args:
        pattern: As RE2 writes patterns; `(?s)` lets `.` match line feeds, `(?m)` lets `^` and `$` match at lines.
        ignore_case: Whether capitals and small letters are the same.
        min_matches: How often it occurs, at least; occurrences do not overlap.
        max_matches: How often it occurs, at most.
        min_share: Share of the characters that it takes, at least.
        max_share: Share of the characters that it takes, at most.
    """

    pattern: str = NOTHING
    ignore_case: bool = False
    min_matches: int = 0
    max_matches: float = 0
    min_share: Share = 0
    max_share: Share = 1

    rules = (
        Rule("matches", "matches", "min_matches", "max_matches"),
        Rule("share_of_matches", "share", "min_share", "max_share"),
    )

    def __post_init__(self) -> None:
        """Refuse what RE2 does not know."""
        try:
            pc.match_substring_regex(pa.array([""], pa.large_string()), self._pattern)
        except pa.ArrowInvalid as error:
            what = str(error).removeprefix("Invalid regular expression: ")
            wanted = "a pattern that RE2 knows (it has neither look-around nor back references)"
            raise ValueError(f"{wanted}, not {self.pattern!r}: {what}") from None

    @cached_property
    def _pattern(self) -> str:
        return f"(?i){self.pattern}" if self.ignore_case else self.pattern

    def measure(self, batch: Batch) -> Measures:
        """Count matches and their characters; only texts with a match are read to their end."""
        texts = batch.column("text")
        matches, taken = np.zeros(batch.num_rows, np.int64), np.zeros(batch.num_rows, np.int64)
        rows = np.flatnonzero(pc.match_substring_regex(texts, self._pattern).to_numpy(zero_copy_only=False))
        found = texts.take(pa.array(rows))
        # Arrow's own count takes every rest of a text for a text, and finds `^` in each of them.
        without, marked = (_length(pc.replace_substring_regex(found, self._pattern, mark)) for mark in ("", "x"))
        matches[rows], taken[rows] = marked - without, _length(found) - without
        return Measures({"matches": matches.astype(np.float64), "share": share(taken, _length(texts))})


def _length(texts: pa.Array) -> NDArray[np.int64]:
    """Characters of each text."""
    return np.asarray(pc.utf8_length(texts).to_numpy(zero_copy_only=False), np.int64)


EXAMPLES: tuple[tuple[Record, str | None], ...] = (
    (Record(url=None, meta={}, text="With no pattern, nothing matches."), None),
)
"""The filter has no pattern of its own: its tests show it with patterns."""
