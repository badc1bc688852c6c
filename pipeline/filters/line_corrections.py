"""RefinedWeb's line-wise corrections: Penedo et al., "The RefinedWeb Dataset" (2023, arXiv 2306.01116), appendix G.2.

Lines go that are mainly capitals, only numbers, a counter (`3 likes`) or one word; out of short ones, phrases of
navigation are cut. Where the words of all these lines are more than a twentieth of the document's, it goes as a whole.

The paper names few of its phrases, so the defaults are few; the counters are those of DCLM's reproduction (Li et al.
2024, arXiv 2406.11794). What the paper leaves open is decided so: *mainly capitals* is over half of the letters, of
scripts that have capitals; a line without a letter is *only numbers* if there is a digit in it; a line without letter
and digit stays, and so do blank lines; words are those of `kernels/words.py`, and in scripts without spaces each letter
is one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from ..batch import Batch
from ..kernels.buffers import text_buffers
from ..kernels.line_corrections import CorrectionCounts, Corrections, correct_lines
from ..kernels.segments import segment
from ._shares import Share, share
from .base import Measures, Record, Rule, RuleFilter

Phrase = Annotated[str, Field(min_length=1)]
Phrases = tuple[Phrase, ...]

COUNTERS = (
    *("likes", "shares", "comments", "retweets", "reposts", "quotes", "bookmarks", "upvotes", "downvotes"),
    *("downloads", "views", "followers"),
)


@dataclass(frozen=True)
class LineCorrections(RuleFilter):
    """Removes lines of navigation and counters, and drops documents that had too many of them.

    Args:
        max_flagged_words: Share of the words that stand in lines that are removed or cut, at most.
        max_upper: Share of the letters of a line that may be capitals.
        min_words: A line with fewer words is removed; one without words is not.
        counters: What is counted by a line that is removed: a number and one of these.
        short_line: Words in a line out of which phrases are cut, at most.
        at_start: Phrases that are cut off the beginning of a short line, whatever the case of ASCII letters.
        at_end: Phrases that are cut off its end.
        anywhere: Phrases that are cut out of it.
    """

    edits: ClassVar[bool] = True

    max_flagged_words: Share = 0.05
    max_upper: Share = 0.5
    min_words: Annotated[int, Field(ge=0)] = 2
    counters: Phrases = COUNTERS
    short_line: Annotated[int, Field(ge=0)] = 10
    at_start: Phrases = ("sign-in",)
    at_end: Phrases = ("read more...", "read more…")
    anywhere: Phrases = ("items in cart",)

    rules = (Rule("flagged_words", "flagged_words", high="max_flagged_words"),)

    def measure(self, batch: Batch) -> Measures:
        """Correct, and count the words of what was corrected."""
        texts = batch.column("text")
        corrections = Corrections(
            self.max_upper,
            self.min_words,
            self.short_line,
            self.counters,
            self.at_start,
            self.at_end,
            self.anywhere,
        )
        edited, counts = correct_lines(texts, batch.computed(segment).lines, corrections)
        edits = _account(texts, edited, counts)
        return Measures(
            {"flagged_words": share(counts.flagged_words, counts.words)},
            edited=edited if any(edits) else None,
            edits=edits,
        )


def _account(texts: pa.Array, edited: pa.Array, counts: CorrectionCounts) -> list[Mapping[str, Any] | None]:
    """What was removed from each text."""
    bytes_more = text_buffers(edited).sizes - text_buffers(texts).sizes
    found = {name: getattr(counts, name).tolist() for name in ("upper", "numeric", "counter", "few_words", "cut")}
    edits: list[Mapping[str, Any] | None] = [None] * len(texts)
    for row in np.flatnonzero(bytes_more).tolist():
        causes = {name: rows[row] for name, rows in found.items() if rows[row]}
        edits[row] = {"bytes": int(bytes_more[row]), **causes}
    return edits


_LINE = "The river that feeds the mill has to be kept clear of weeds, and the wheel turns.\n"

EXAMPLES: tuple[tuple[Record, str | None], ...] = (
    (Record(url=None, meta={}, text=_LINE * 5 + "3 likes\n"), None),
    (Record(url=None, meta={}, text=_LINE + "HOME AND NEWS\n3 likes\nShare\n"), "flagged_words"),
)
