"""Decontamination: what a benchmark holds is found in documents, whose it is is told, and it is dropped or cut out.

Brown et al., "Language Models are Few-Shot Learners" (2020), appendix C: 13-grams of lower-cased words without
punctuation, common ones excluded. What counts as equal stands in `decontamination/normal_form.py`, what is protected in
`protection.py`, how it is cut in `cut.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from headrace.shards.base.recipe import RecipePath

from ..batch import Batch
from ..decontamination.benchmarks import Benchmark
from ..decontamination.cut import Cut, Scissors, cut
from ..decontamination.findings import Finding, find
from ..decontamination.normal_form import NAME
from ..decontamination.protection import Protection, protect
from ..decontamination.windows import Terms
from ..engine.fingerprint import file_digest
from ..kernels.word_hashes import word_hashes
from .base import Measures, Record, Rule, RuleFilter


@dataclass(frozen=True)
class Decontaminate(RuleFilter):
    """Finds benchmarks' items in documents.

    Args:
        benchmarks: Files and the fields to protect.
        action: `drop` the document; `cut` the span out of it, by GPT-3's rules; or only `report` it, which guarantees
            nothing.
        n: Words (or tokens) in an n-gram.
        unit: Whether n-grams are of words or of tokens.
        tokenizer: A `tokenizer.json`, for n-grams of tokens.
        min_words: The shortest passage that is looked for whole.
        min_characters: What has fewer letters and digits means nothing and is not looked for.
        exclude: A file of texts, one a line, none of whose n-grams is looked for: what is common all over the corpus.
            `headrace audit --frequent 10 --write FILE` makes one of shards built with `report`: GPT-3's rule.
        context: `cut`: characters removed on both sides of what is found.
        min_piece: `cut`: the shortest piece that is kept, in characters.
        max_pieces: `cut`: a document split into more is dropped.
    """

    version: ClassVar[int] = 2
    benchmarks: tuple[Benchmark, ...] = ()
    action: Literal["drop", "cut", "report"] = "drop"
    n: Annotated[int, Field(ge=1)] = 13
    unit: Literal["words", "tokens"] = "words"
    tokenizer: RecipePath | None = None
    min_words: Annotated[int, Field(ge=1)] = 8
    min_characters: Annotated[int, Field(ge=0)] = 20
    exclude: RecipePath | None = None
    context: Annotated[int, Field(ge=0)] = 200
    min_piece: Annotated[int, Field(ge=1)] = 200
    max_pieces: Annotated[int, Field(ge=1)] = 10

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if (self.unit == "tokens") != (self.tokenizer is not None):
            raise ValueError("'unit: tokens' with a 'tokenizer', or neither of them")

    @property
    def rules(self) -> tuple[Rule, ...]:
        """To drop, one match is one too many; to cut, some must be left, in not too many pieces."""
        if self.action == "drop":
            return (Rule("contaminated", "matched_ngrams", high=0),)
        if self.action == "cut":
            return (
                Rule("contaminated", "pieces", high="max_pieces"),
                Rule("nothing_left", "characters_left", low=1),
            )
        return ()

    @property
    def edits(self) -> bool:
        """To cut is to edit; and what is only reported stands where edits stand."""
        return self.action != "drop"

    def files(self) -> tuple[str, ...]:
        """The benchmarks, the tokenizer and what is excluded."""
        others = (each for each in (self.tokenizer, self.exclude) if each is not None)
        return tuple(map(str, (*(benchmark.file for benchmark in self.benchmarks), *others)))

    def measure(self, batch: Batch) -> Measures:
        """Count the matched n-grams, name the items that have them, and cut what is to be cut."""
        texts, n = batch.column("text"), batch.num_rows
        found = find(self._protection, texts, batch.computed(word_hashes)) if self.benchmarks else []
        values = {"matched_ngrams": np.zeros(n), "matched_share": np.zeros(n)}
        evidence: list[Mapping[str, Any] | None] = [None] * n
        own = [texts[each.row].as_py() for each in found]
        for each, text in zip(found, own, strict=True):
            values["matched_ngrams"][each.row] = each.ngrams
            values["matched_share"][each.row] = max(item.share for item in each.items)
            evidence[each.row] = each.evidence(text)
        if self.action == "report":
            return Measures(values, edits=[each and {"reported": 1, **each} for each in evidence])
        if self.action == "drop":
            return Measures(values, evidence)
        return _cut(batch, values, evidence, found, cut(self._protection, own, found, self._scissors))

    def certificate(self) -> Mapping[str, Any]:
        """What is looked for, and what is done about it; the benchmarks by name."""
        protection = self._protection
        return {
            "action": self.action,
            "n": self.n,
            "unit": self.unit,
            "tokenizer_sha256": None if self.tokenizer is None else file_digest(self.tokenizer),
            "normalisation": NAME,
            "min_words": self.min_words,
            "min_characters": self.min_characters,
            "excluded": protection.excluded,
            "benchmarks": protection.listed,
        }

    @property
    def _scissors(self) -> Scissors:
        return Scissors(self.context, self.min_piece)

    @property
    def _protection(self) -> Protection:
        terms = Terms(self.n, self.tokenizer, self.min_words, self.min_characters, self.exclude)
        return protect(self.benchmarks, terms)


def _cut(
    batch: Batch,
    values: dict[str, Any],
    evidence: list[Mapping[str, Any] | None],
    found: list[Finding],
    cuts: list[Cut],
) -> Measures:
    """The measures of a cut; where nothing was found there is nothing to measure."""
    texts, n = batch.column("text"), batch.num_rows
    values |= {name: np.full(n, np.nan) for name in ("pieces", "characters_left")}
    edits: list[Mapping[str, Any] | None] = [None] * n
    for each, left in zip(found, cuts, strict=True):
        values["pieces"][each.row], values["characters_left"][each.row] = left.pieces, len(left.text)
        removed = sum(stop - start for start, stop in left.removed)
        edits[each.row] = {"cut": left.removed, "characters": -removed, **(evidence[each.row] or {})}
    edited = None
    if found:
        mask = np.zeros(n, np.bool_)
        mask[[each.row for each in found]] = True
        edited = pc.replace_with_mask(texts, mask, pa.array([each.text for each in cuts], pa.large_string()))
    return Measures(values, evidence, edited=edited, edits=edits)


EXAMPLES: tuple[tuple[Record, str | None], ...] = (
    (Record(url=None, meta={}, text="With no benchmark named, nothing is contaminated."), None),
)
