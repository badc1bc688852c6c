"""C4's rules: Raffel et al., "Exploring the Limits of Transfer Learning" (JMLR 2020, arXiv 1910.10683), section 2.2.

Only lines that look like sentences stay, and only documents in which enough sentences stay. Two rules stand in the
paper's code alone (tensorflow_datasets, c4_utils.py): words that are too long, and phrases about cookies and terms.
The list of bad words is another filter, `unwanted_words`.

C4 was made of English: a line must end in one of `. ? ! " '`, and a word is what stands between white space. Taken by
the letter these rules remove every line of Japanese, Chinese, Hindi or Armenian. With `other_scripts`, a line may also
end in any mark that ends a sentence by Unicode (Sentence_Terminal: `。`, `।`, `؟`, ...) or in the corner brackets `」`
and `』`; in scripts without spaces each letter is a word, and no word too long. Languages that put no mark at the
end of a sentence, such as Thai, and typographic quotation marks (`”`, `»`) are as in C4: their lines go.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from ..batch import Batch
from ..kernels.buffers import text_buffers
from ..kernels.c4_lines import LineCounts, LineRules, keep_lines
from ..kernels.segments import segment
from .base import Measures, Record, Rule, RuleFilter

Phrase = Annotated[str, Field(min_length=1)]

POLICY_PHRASES = (
    "terms of use",
    "privacy policy",
    "cookie policy",
    "uses cookies",
    "use of cookies",
    "use cookies",
)


@dataclass(frozen=True)
class C4Quality(RuleFilter):
    """Removes lines that are no sentences, and drops documents in which too few are left.

    Args:
        min_sentences: Sentences in the lines that are left, at least.
        max_lorem_ipsum_lines: Lines with `lorem ipsum`, at most, of those that have the form of sentences.
        max_curly_bracket_lines: Lines with `{`, at most, of the same.
        min_words_per_line: A line with fewer words is removed.
        max_word_length: A line with a longer word is removed.
        remove_citations: Whether `[1]`, `[]`, `[edit]` and `[citation needed]` are cut out.
        policy_phrases: A line with one of them is removed, whatever the case of ASCII letters.
        other_scripts: Whether marks and words of all scripts count; without it, the rules are C4's by the letter.
    """

    edits: ClassVar[bool] = True

    min_sentences: int = 5
    max_lorem_ipsum_lines: float = 0
    max_curly_bracket_lines: float = 0
    min_words_per_line: Annotated[int, Field(ge=0)] = 3
    max_word_length: Annotated[int, Field(ge=1)] = 1000
    remove_citations: bool = True
    policy_phrases: tuple[Phrase, ...] = POLICY_PHRASES
    other_scripts: bool = True

    rules = (
        Rule("lorem_ipsum", "lorem_ipsum_lines", high="max_lorem_ipsum_lines"),
        Rule("curly_bracket", "curly_bracket_lines", high="max_curly_bracket_lines"),
        Rule("too_few_sentences", "sentences", low="min_sentences"),
    )

    def measure(self, batch: Batch) -> Measures:
        """Choose lines, and count in those that are left; every text is edited, whatever the bounds make of it."""
        texts = batch.column("text")
        rules = LineRules(
            self.min_words_per_line,
            self.max_word_length,
            self.remove_citations,
            self.other_scripts,
            self.policy_phrases,
        )
        edited, counts = keep_lines(texts, batch.computed(segment), rules)
        values = {
            "sentences": counts.sentences,
            "lorem_ipsum_lines": counts.lorem_ipsum,
            "curly_bracket_lines": counts.curly_brackets,
            "lines_left": counts.kept,
        }
        return Measures(
            {name: measured.astype(np.float64) for name, measured in values.items()},
            edited=edited if counts.changed.any() else None,
            edits=_account(texts, edited, counts),
        )


def _account(texts: pa.Array, edited: pa.Array, counts: LineCounts) -> list[Mapping[str, Any] | None]:
    """What was removed from each text."""
    bytes_more = (text_buffers(edited).sizes - text_buffers(texts).sizes).tolist()
    removed = {
        name: getattr(counts, name).tolist()
        for name in ("long_word", "no_end", "few_words", "javascript", "policy", "citations")
    }
    return [
        {"bytes": more, **{name: rows[row] for name, rows in removed.items() if rows[row]}} if changed else None
        for row, (more, changed) in enumerate(zip(bytes_more, counts.changed.tolist(), strict=True))
    ]


_LINE = "The river that feeds the mill has to be kept clear of weeds.\n"

EXAMPLES: tuple[tuple[Record, str | None], ...] = (
    (Record(url=None, meta={}, text=_LINE * 5 + "Home | News | About\n"), None),
    (Record(url=None, meta={}, text="川の水が水車を回している。\n" * 5), None),
    (Record(url=None, meta={}, text=_LINE * 5 + "Lorem ipsum dolor sit amet.\n"), "lorem_ipsum"),
    (Record(url=None, meta={}, text=_LINE * 5 + "A function is written as f() { return 1; }.\n"), "curly_bracket"),
    (Record(url=None, meta={}, text=_LINE * 4 + "Home | News | About\n" * 50), "too_few_sentences"),
)
