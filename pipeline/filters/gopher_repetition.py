r"""Gopher's repetition rules: Rae et al., "Scaling Language Models" (2021, arXiv 2112.11446), table A1.

Words are tokens (`kernels/token_rules.py`), and what is repeated is counted as datatrove's filter counts it: in code
points, over those of the whole text; lines are what stands between runs of `\n`, paragraphs between runs of two or
more; an n-gram counts for `top` with the spaces between its tokens, and for `duplicate` without; behind a duplicate
n-gram counting goes on with the token after it, so that nothing is counted twice.

In scripts without spaces the n-grams are of characters, without spaces between them, as there are no words to count.
The bounds keep their meaning within a factor of two: of 3,000 pages of manuals each, the median share of characters in
duplicate 5-grams was 0.08 in English, 0.10 in Japanese and 0.04 in Chinese, the ninetieth percentile 0.18, 0.25, 0.16.
"""

from dataclasses import dataclass

from ..batch import Batch
from ..kernels.buffers import text_buffers
from ..kernels.feed_lines import feed_lines
from ..kernels.line_repetition import line_repetition
from ..kernels.ngrams import repeated_ngrams
from ..kernels.segments import segment_in
from ._shares import Share, share
from .base import Measures, Record, Rule, RuleFilter


@dataclass(frozen=True)
class GopherRepetition(RuleFilter):
    """Drops documents that repeat themselves.

    Args:
        max_duplicate_paragraphs: Share of the paragraphs that occurred before, at most.
        max_duplicate_paragraph_characters: Share of the characters that stand in those, at most.
        max_duplicate_lines: Share of the lines that occurred before, at most.
        max_duplicate_line_characters: Share of the characters that stand in those, at most.
        max_top_2_gram: Share of the characters that stand in the most frequent 2-gram, at most.
        max_top_3_gram: The same of 3-grams.
        max_top_4_gram: The same of 4-grams.
        max_duplicate_5_grams: Share of the characters that stand in 5-grams that occurred before, at most.
        max_duplicate_6_grams: The same of 6-grams.
        max_duplicate_7_grams: The same of 7-grams.
        max_duplicate_8_grams: The same of 8-grams.
        max_duplicate_9_grams: The same of 9-grams.
        max_duplicate_10_grams: The same of 10-grams.
        language: The documents' (ISO 639-1); in German, Spanish and Portuguese words with hyphens are one token.
    """

    max_duplicate_paragraphs: Share = 0.30
    max_duplicate_paragraph_characters: Share = 0.20
    max_duplicate_lines: Share = 0.30
    max_duplicate_line_characters: Share = 0.20
    max_top_2_gram: float = 0.20
    max_top_3_gram: float = 0.18
    max_top_4_gram: float = 0.16
    max_duplicate_5_grams: Share = 0.15
    max_duplicate_6_grams: Share = 0.14
    max_duplicate_7_grams: Share = 0.13
    max_duplicate_8_grams: Share = 0.12
    max_duplicate_9_grams: Share = 0.11
    max_duplicate_10_grams: Share = 0.10
    language: str = ""

    rules = tuple(
        Rule(measure, measure, high=f"max_{measure}")
        for measure in (
            "duplicate_paragraphs",
            "duplicate_paragraph_characters",
            "duplicate_lines",
            "duplicate_line_characters",
            *(f"top_{n}_gram" for n in (2, 3, 4)),
            *(f"duplicate_{n}_grams" for n in (5, 6, 7, 8, 9, 10)),
        )
    )

    def measure(self, batch: Batch) -> Measures:
        """All thirteen; a share of nothing is 0."""
        found, buffers = batch.computed(segment_in(self.language)), text_buffers(batch.column("text"))
        characters, ngrams = found.counts.characters, repeated_ngrams(found.tokens)
        lines = line_repetition(buffers, feed_lines(buffers, found.lines))
        return Measures(
            {
                "duplicate_paragraphs": share(lines.duplicate_paragraphs, lines.paragraphs),
                "duplicate_paragraph_characters": share(lines.duplicate_paragraph_characters, characters),
                "duplicate_lines": share(lines.duplicate_lines, lines.lines),
                "duplicate_line_characters": share(lines.duplicate_line_characters, characters),
                **{f"top_{n}_gram": share(ngrams.top[n], characters) for n in ngrams.top},
                **{f"duplicate_{n}_grams": share(ngrams.duplicate[n], characters) for n in ngrams.duplicate},
            }
        )


def _words(first: int, last: int) -> str:
    """So many words of six letters, none of them twice."""
    return " ".join(f"{number}th" for number in range(first, last))


def _repeating(n: int, duplicate: float) -> str:
    """Words of which a share stands in n-grams that occurred before."""
    repeated = 10 * n
    words = round(repeated * 6 / 7 / duplicate)
    return f"{_words(1000, 1000 + words - repeated)} {_words(1000, 1000 + repeated)}"


def _record(text: str) -> Record:
    return Record(url=None, meta={}, text=text)


_SECTIONS = [_words(number, number + 50) for number in (1000, 2000, 3000, 4000)]

EXAMPLES: tuple[tuple[Record, str | None], ...] = (
    (_record("\n\n".join(_SECTIONS)), None),
    (_record("\n\n".join(["Menu"] * 4 + _SECTIONS)), "duplicate_paragraphs"),
    (_record("\n\n".join([_SECTIONS[0], *_SECTIONS[:3]])), "duplicate_paragraph_characters"),
    (_record("\n".join(["Menu"] * 4 + _SECTIONS)), "duplicate_lines"),
    (_record("\n".join([_SECTIONS[0], *_SECTIONS[:3]])), "duplicate_line_characters"),
    (_record(" ".join(f"again and {number}" for number in range(1000, 1100))), "top_2_gram"),
    (_record(" ".join(f"x y z {number:016}" for number in range(100))), "top_3_gram"),
    (_record(" ".join(f"x y z u {number:026}" for number in range(100))), "top_4_gram"),
    (_record(_repeating(5, 0.3)), "duplicate_5_grams"),
    (_record(_repeating(6, 0.145)), "duplicate_6_grams"),
    (_record(_repeating(7, 0.135)), "duplicate_7_grams"),
    (_record(_repeating(8, 0.125)), "duplicate_8_grams"),
    (_record(_repeating(9, 0.115)), "duplicate_9_grams"),
    (_record(_repeating(10, 0.105)), "duplicate_10_grams"),
    (_record(_repeating(10, 0.09)), None),
)
