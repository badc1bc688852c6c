"""Gopher's quality rules: Rae et al., "Scaling Language Models" (2021, arXiv 2112.11446), appendix A.1.1.

The paper does not say what a word is. Here a word is what Unicode's classes make one (`kernels/words.py`), and one
character of the scripts that put no spaces between words; the share of alphabetic words is taken over what stands
between white space, as the paper's wording has it.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ..batch import Batch
from ..kernels.document_stats import GOPHER_STOP_WORDS, document_stats
from .base import Floats, Measures, Record, Rule, RuleFilter

Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True)
class GopherQuality(RuleFilter):
    """Drops documents that do not look like prose, by counts of words, symbols and lines.

    Args:
        min_words: Words in a document, at least.
        max_words: Words in a document, at most.
        min_mean_word_length: Mean characters of a word, at least.
        max_mean_word_length: Mean characters of a word, at most.
        max_hash_ratio: `#` per word, at most.
        max_ellipsis_ratio: Ellipses (`...`, `…`) per word, at most.
        max_bullet_lines: Share of the lines that start with a bullet, at most.
        max_ellipsis_lines: Share of the lines that end in an ellipsis, at most.
        min_alphabetic_words: Share of the words that hold a letter, at least.
        min_stop_words: How many different ones of `stop_words` a document holds, at least.
        stop_words: In lower case.
    """

    min_words: int = 50
    max_words: int = 100_000
    min_mean_word_length: float = 3
    max_mean_word_length: float = 10
    max_hash_ratio: float = 0.1
    max_ellipsis_ratio: float = 0.1
    max_bullet_lines: Share = 0.9
    max_ellipsis_lines: Share = 0.3
    min_alphabetic_words: Share = 0.8
    min_stop_words: int = 2
    stop_words: tuple[str, ...] = GOPHER_STOP_WORDS

    @property
    def rules(self) -> tuple[Rule, ...]:
        """In the paper's order."""
        return (
            Rule("number_of_words", "words", self.min_words, self.max_words),
            Rule("mean_word_length", "mean_word_length", self.min_mean_word_length, self.max_mean_word_length),
            Rule("hash_ratio", "hash_ratio", high=self.max_hash_ratio),
            Rule("ellipsis_ratio", "ellipsis_ratio", high=self.max_ellipsis_ratio),
            Rule("bullet_lines", "bullet_lines", high=self.max_bullet_lines),
            Rule("ellipsis_lines", "ellipsis_lines", high=self.max_ellipsis_lines),
            Rule("alphabetic_words", "alphabetic_words", low=self.min_alphabetic_words),
            Rule("stop_words", "stop_words", low=self.min_stop_words),
        )

    def measure(self, batch: Batch) -> Measures:
        """All eight from one pass over the text; a share of nothing is 0."""
        stats = document_stats(batch.column("text"), self.stop_words)
        return Measures(
            {
                "words": stats.words.astype(np.float64),
                "mean_word_length": _ratio(stats.word_characters, stats.words),
                "hash_ratio": _ratio(stats.hashes, stats.words),
                "ellipsis_ratio": _ratio(stats.ellipses, stats.words),
                "bullet_lines": _ratio(stats.bullet_lines, stats.lines),
                "ellipsis_lines": _ratio(stats.ellipsis_lines, stats.lines),
                "alphabetic_words": _ratio(stats.alphabetic_whitespace_words, stats.whitespace_words),
                "stop_words": stats.stop_words.astype(np.float64),
            }
        )


def _ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> Floats:
    return part / np.maximum(whole, 1)


_PROSE = "The river that feeds the mill has to be kept clear of weeds, and the wheel turns with it. "

EXAMPLES: tuple[tuple[Record, str | None], ...] = (
    (Record(url=None, meta={}, text=_PROSE * 5), None),
    (Record(url=None, meta={}, text="Too short to be worth reading."), "number_of_words"),
    (Record(url=None, meta={}, text="a b " * 100), "mean_word_length"),
    (Record(url=None, meta={}, text=_PROSE * 5 + "# " * 30), "hash_ratio"),
    (Record(url=None, meta={}, text=(_PROSE + "... ... ") * 5), "ellipsis_ratio"),
    (Record(url=None, meta={}, text=f"• {_PROSE}\n" * 5), "bullet_lines"),
    (Record(url=None, meta={}, text=f"{_PROSE.strip()[:-1]}...\n" * 5), "ellipsis_lines"),
    (Record(url=None, meta={}, text=(_PROSE + "1234 5678 9012 3456 7890 " * 2) * 5), "alphabetic_words"),
    (Record(url=None, meta={}, text="Lorem ipsum dolor sit amet, consectetur adipiscing elit. " * 10), "stop_words"),
)
