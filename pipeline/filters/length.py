"""Length: bounds on a document's characters and words."""

from dataclasses import dataclass

import numpy as np

from ..batch import Batch
from ..kernels.segments import segment
from .base import Measures, Record, Rule, RuleFilter


@dataclass(frozen=True)
class Length(RuleFilter):
    """Drops documents that are too short or too long.

    Args:
        min_chars: Characters (code points), at least.
        max_chars: Characters, at most.
        min_words: Words, at least; a character of a script without spaces is a word.
        max_words: Words, at most.
    """

    min_chars: int = 1
    max_chars: float = np.inf
    min_words: int = 0
    max_words: float = np.inf

    rules = (
        Rule("number_of_characters", "characters", "min_chars", "max_chars"),
        Rule("number_of_words", "words", "min_words", "max_words"),
    )

    def measure(self, batch: Batch) -> Measures:
        """Both from the walk over the text that all text rules share."""
        counts = batch.computed(segment).counts
        return Measures({"characters": counts.characters.astype(np.float64), "words": counts.words.astype(np.float64)})


EXAMPLES: tuple[tuple[Record, str | None], ...] = (
    (Record(url=None, meta={}, text="short"), None),
    (Record(url=None, meta={}, text=""), "number_of_characters"),
)
