"""Gopher's quality rules: Rae et al., "Scaling Language Models" (2021, arXiv 2112.11446), appendix A.1.1.

The paper does not say what a word is. Here, as in datatrove's filter, it is a token as spaCy's rules cut it
(`kernels/token_rules.py`): the number of words and their mean length are over tokens with a letter or digit, the
shares of `#`, of ellipses and of alphabetic words are over all tokens, punctuation too, and stop words are found as
they are written, capitals and all.

In scripts without spaces a character is a token. The bounds on their number then mean characters, of which a Chinese
or Japanese word has about two; the mean length of a word means nothing there, so that it is taken over the words of
other scripts, and breaks no rule where those are the lesser part.
"""

from dataclasses import dataclass

import numpy as np

from ..batch import Batch
from ..kernels.counts import DocumentCounts
from ..kernels.lines import BULLET, ELLIPSIS
from ..kernels.segments import segment_in
from ..kernels.stop_words import count_stop_words
from ._shares import Share, share
from .base import Floats, Measures, Record, Rule, RuleFilter

GOPHER_STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")


@dataclass(frozen=True)
class GopherQuality(RuleFilter):
    """Drops documents that do not look like prose, by counts of words, symbols and lines.

    Args:
        min_words: Words in a document, at least.
        max_words: Words in a document, at most.
        min_mean_word_length: Mean characters of a word, at least.
        max_mean_word_length: Mean characters of a word, at most.
        max_hash_ratio: `#` per token, at most.
        max_ellipsis_ratio: Ellipses (`...`, `…`) per token, at most.
        max_bullet_lines: Share of the lines that start with a bullet, at most.
        max_ellipsis_lines: Share of the lines that end in an ellipsis, at most.
        min_alphabetic_words: Share of the tokens that hold a letter, at least.
        min_stop_words: How many different ones of `stop_words` a document holds, at least.
        stop_words: As they are to be found; the paper's are English.
        language: The documents' (ISO 639-1); in German, Spanish and Portuguese words with hyphens are one token.
    """

    version = 2

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
    language: str = ""

    rules = (
        Rule("number_of_words", "words", "min_words", "max_words"),
        Rule("mean_word_length", "mean_word_length", "min_mean_word_length", "max_mean_word_length"),
        Rule("hash_ratio", "hash_ratio", high="max_hash_ratio"),
        Rule("ellipsis_ratio", "ellipsis_ratio", high="max_ellipsis_ratio"),
        Rule("bullet_lines", "bullet_lines", high="max_bullet_lines"),
        Rule("ellipsis_lines", "ellipsis_lines", high="max_ellipsis_lines"),
        Rule("alphabetic_words", "alphabetic_words", low="min_alphabetic_words"),
        Rule("stop_words", "stop_words", low="min_stop_words"),
    )

    def measure(self, batch: Batch) -> Measures:
        """All eight from what the walk over the text counted; a share of nothing is 0."""
        found = batch.computed(segment_in(self.language))
        counts, tokens, lines = found.counts, found.tokens, found.lines
        stop_words = count_stop_words(tokens.offsets, tokens.hashes, self.stop_words)
        return Measures(
            {
                "words": (counts.plain + counts.unspaced).astype(np.float64),
                "mean_word_length": _mean_word_length(counts),
                "hash_ratio": share(counts.hashes, counts.tokens),
                "ellipsis_ratio": share(counts.ellipses, counts.tokens),
                "bullet_lines": share(lines.count(lines.kinds & BULLET), counts.lines),
                "ellipsis_lines": share(lines.count(lines.kinds & ELLIPSIS), counts.lines),
                "alphabetic_words": share(counts.alphabetic, counts.tokens),
                "stop_words": stop_words.astype(np.float64),
            }
        )


def _mean_word_length(counts: DocumentCounts) -> Floats:
    mean = share(counts.plain_characters, counts.plain)
    mean[counts.unspaced > counts.plain] = np.nan
    return mean


_PROSE = "The river that feeds the mill has to be kept clear of weeds, and the wheel turns with it. "
_JAPANESE = "水車は川の流れで回り、the石臼を動かして小麦を粉にするために使われてきた。"

EXAMPLES: tuple[tuple[Record, str | None], ...] = (
    (Record(url=None, meta={}, text=_PROSE * 5), None),
    (Record(url=None, meta={}, text=_JAPANESE * 3), "stop_words"),
    (Record(url=None, meta={}, text="Too short to be worth reading."), "number_of_words"),
    (Record(url=None, meta={}, text="a b " * 100), "mean_word_length"),
    (Record(url=None, meta={}, text=_PROSE * 5 + "# " * 30), "hash_ratio"),
    (Record(url=None, meta={}, text=(_PROSE + "... ... ... ") * 5 + "the end."), "ellipsis_ratio"),
    (Record(url=None, meta={}, text=f"• {_PROSE}\n" * 5), "bullet_lines"),
    (Record(url=None, meta={}, text=f"{_PROSE.strip()[:-1]}...\n" * 5), "ellipsis_lines"),
    (Record(url=None, meta={}, text=(_PROSE + "1234 5678 9012 3456 7890 " * 2) * 5), "alphabetic_words"),
    (Record(url=None, meta={}, text="Lorem ipsum dolor sit amet, consectetur adipiscing elit. " * 10), "stop_words"),
)
