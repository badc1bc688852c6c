r"""FineWeb's quality rules: Penedo et al., "The FineWeb Datasets" (2024, arXiv 2406.17557), section 3.6.

Lines are what stands between two `\n` and holds more than white space. A line is ended when its very last character
has Unicode's property Sentence_Terminal. datatrove lists the same marks by hand, from an older version of Unicode: 16
newer or rarer ones are missing there (one dot leader, vertical forms, Balinese, Coptic, Tulu and others), and three
Khmer signs are there that Unicode does not count (camnuc pii kuuh, phnaek muan, koomuut). A quotation mark behind the
full stop ends no sentence, with both.

Line breaks are counted per token (`kernels/token_rules.py`), as datatrove does; in scripts without spaces a token is a
character, so that this rule is laxer there by the length of a word.
"""

from dataclasses import dataclass

from ..batch import Batch
from ..kernels.buffers import text_buffers
from ..kernels.feed_lines import feed_lines
from ..kernels.line_repetition import line_repetition
from ..kernels.lines import BLANK, ENDS_IN_SPACE, ENDS_SENTENCE
from ..kernels.segments import segment_in
from ._shares import Share, share
from .base import Measures, Record, Rule, RuleFilter


@dataclass(frozen=True)
class FinewebQuality(RuleFilter):
    """Drops lists, menus and documents whose lines repeat.

    Args:
        min_ended_lines: Share of the lines that end a sentence, at least.
        max_short_lines: Share of the lines that are short, at most.
        short_line: Characters of a line that is short, at most.
        max_duplicate_line_characters: Share of the characters, line feeds aside, in repeated lines, at most.
        max_newlines: Line feeds per token, at most.
        language: The documents' (ISO 639-1); in German, Spanish and Portuguese words with hyphens are one token.
    """

    min_ended_lines: Share = 0.12
    max_short_lines: Share = 0.67
    short_line: int = 30
    max_duplicate_line_characters: Share = 0.01
    max_newlines: float = 0.3
    language: str = ""

    rules = (
        Rule("ended_lines", "ended_lines", low="min_ended_lines"),
        Rule("short_lines", "short_lines", high="max_short_lines"),
        Rule("duplicate_line_characters", "duplicate_line_characters", high="max_duplicate_line_characters"),
        Rule("newlines", "newlines", high="max_newlines"),
    )

    def measure(self, batch: Batch) -> Measures:
        """All four; a share of nothing is 0."""
        found, buffers = batch.computed(segment_in(self.language)), text_buffers(batch.column("text"))
        counts, lines = found.counts, feed_lines(buffers, found.lines)
        repeated = line_repetition(buffers, lines)
        has_text = lines.kinds & BLANK == 0
        ended = lines.kinds & (ENDS_SENTENCE | ENDS_IN_SPACE) == ENDS_SENTENCE
        short = has_text & (lines.characters <= self.short_line)
        number = lines.count(has_text)
        return Measures(
            {
                "ended_lines": share(lines.count(ended), number),
                "short_lines": share(lines.count(short), number),
                "duplicate_line_characters": share(
                    repeated.duplicate_line_characters - repeated.duplicate_blank_characters,
                    counts.characters - counts.newlines,
                ),
                "newlines": share(counts.newlines, counts.tokens),
            }
        )


_LINES = [f"The mill has turned with the river since the year {1800 + year}, and it turns today." for year in range(9)]


def _record(*lines: str) -> Record:
    return Record(url=None, meta={}, text="\n".join(lines))


EXAMPLES: tuple[tuple[Record, str | None], ...] = (
    (_record(*_LINES), None),
    (_record(*(line.rstrip(".") for line in _LINES)), "ended_lines"),
    (_record(*(f"Wheel {number}." for number in range(20))), "short_lines"),
    (_record(*_LINES, _LINES[0]), "duplicate_line_characters"),
    (_record(*(f"wheel_of_the_mill_by_the_river_{number:09}." for number in range(20))), "newlines"),
)
