"""Decontamination: what a benchmark holds is found in documents, whose it is is told, and it is dropped or cut out.

Brown et al., "Language Models are Few-Shot Learners" (2020), appendix C: 13-grams of lower-cased words without
punctuation, common ones excluded. What counts as equal stands in `decontamination/normal_form.py`, what is protected in
`protection.py`, what is common in `common.py`, how it is cut in `cut.py`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from headrace.shards.base.recipe import RecipePath

from ..batch import Batch
from ..decontamination.benchmarks import Benchmark
from ..decontamination.common import EVERYWHERE, Commonness
from ..decontamination.cut import Cut, Scissors, cut
from ..decontamination.findings import EXCERPT, Finding, find
from ..decontamination.listing import benchmark_entries, common_ngrams
from ..decontamination.normal_form import NAME
from ..decontamination.protection import Protection, protect
from ..decontamination.windows import Terms
from ..decontamination.witnesses import By, occurrences
from ..engine.fingerprint import file_digest
from ..kernels.word_hashes import word_hashes
from .base import MOST_WITNESSES, NO_KEYS, CountingFilter, Keys, Measures, Record, Rule

EXCERPTS = 5
"""Stretches let stand that the ledger keeps of a record."""


@dataclass(frozen=True)
class Decontaminate(CountingFilter):
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
        max_documents: An n-gram in more documents of the corpus is common: it is let stand, and listed. GPT-3's number;
            null: nothing is common.
        documents_by: What counts once: documents of the same `texts`, case and punctuation aside, or of the same
            `hosts`. Near copies count once where a dedup stage stands before.
        copy_share: In a document that holds at least this share of an item nothing of the item is common, and its
            n-grams are not counted there: no leak acquits itself. Null: GPT-3's rule by the letter.
        exclude: A file of texts, one a line, none of whose n-grams is looked for.
        context: `cut`: characters removed on both sides of what is found.
        min_piece: `cut`: the shortest piece that is kept, in characters.
        max_pieces: `cut`: a document split into more is dropped.
    """

    version: ClassVar[int] = 3
    benchmarks: tuple[Benchmark, ...] = ()
    action: Literal["drop", "cut", "report"] = "drop"
    n: Annotated[int, Field(ge=1)] = 13
    unit: Literal["words", "tokens"] = "words"
    tokenizer: RecipePath | None = None
    min_words: Annotated[int, Field(ge=1)] = 8
    min_characters: Annotated[int, Field(ge=0)] = 20
    max_documents: Annotated[int, Field(ge=1, lt=MOST_WITNESSES)] | None = 10
    documents_by: By = "texts"
    copy_share: Annotated[float, Field(gt=0, le=1)] | None = 0.5
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

    @property
    def most(self) -> int | None:
        """In more documents an n-gram is common."""
        return self.max_documents if self.benchmarks else None

    @property
    def bounds(self) -> frozenset[str]:
        """The rules', and the number of documents: what is counted does not depend on it."""
        return super().bounds | ({"max_documents"} if self.max_documents is not None else set())

    def measure(self, batch: Batch, frequent: Keys | None = None) -> Measures:
        """Count the matched n-grams, name the items that have them, and cut what is to be cut."""
        texts, n = batch.column("text"), batch.num_rows
        common = Commonness(self.copy_share or math.inf, NO_KEYS if frequent is None else frequent)
        found = find(self._protection, texts, batch.computed(word_hashes), common) if self.benchmarks else []
        waits = None
        if frequent is None and self.most is not None:
            waits = occurrences(found, [batch.column("url")[each.row].as_py() for each in found], self.documents_by)
            found = [each for each in found if not len(each.phrases)]
        told = _tell(found, [texts[each.row].as_py() for each in found], n)
        if self.action == "report":
            reported = [each and {"reported": 1, **each} for each in told.evidence]
            return Measures(told.values, edits=_joined(told.edits, reported), waits=waits)
        if self.action == "drop":
            return Measures(told.values, told.evidence, edits=told.edits, waits=waits)
        held = [each for each in found if each.items]
        own = [texts[each.row].as_py() for each in held]
        return replace(_cut(batch, told, held, cut(self._protection, own, held, self._scissors, common)), waits=waits)

    def certificate(self, frequent: Keys = NO_KEYS) -> Mapping[str, Any]:
        """What is looked for, and what is done about it; the benchmarks by name."""
        protection = self._protection
        common = {EVERYWHERE: common_ngrams(protection, frequent)} if len(frequent) else {}
        return {
            "action": self.action,
            "n": self.n,
            "unit": self.unit,
            "tokenizer_sha256": None if self.tokenizer is None else file_digest(self.tokenizer),
            "normalisation": NAME,
            "min_words": self.min_words,
            "min_characters": self.min_characters,
            "max_documents": self.most,
            "documents_by": self.documents_by,
            "copy_share": self.copy_share,
            "excluded": {**protection.excluded, **common},
            "benchmarks": benchmark_entries(self.benchmarks, protection, frequent),
        }

    @property
    def _scissors(self) -> Scissors:
        return Scissors(self.context, self.min_piece)

    @property
    def _protection(self) -> Protection:
        terms = Terms(self.n, self.tokenizer, self.min_words, self.min_characters, self.exclude)
        return protect(self.benchmarks, terms)


Told = list[Mapping[str, Any] | None]


@dataclass(frozen=True)
class _Findings:
    """What was found in a batch of n records: measures, float64 (n,), and what is told of each record."""

    values: dict[str, Any]
    evidence: Told
    edits: Told


def _tell(found: Sequence[Finding], texts: Sequence[str], n: int) -> _Findings:
    values = {name: np.zeros(n) for name in ("matched_ngrams", "matched_share", "common_ngrams")}
    evidence: Told = [None] * n
    edits: Told = [None] * n
    for each, text in zip(found, texts, strict=True):
        values["matched_ngrams"][each.row], values["common_ngrams"][each.row] = each.ngrams, each.common
        if each.items:
            values["matched_share"][each.row] = max(item.share for item in each.items)
            evidence[each.row] = each.evidence(text)
        if each.let_stand:
            edits[each.row] = {"let_stand": [text[start:stop][:EXCERPT] for start, stop in each.let_stand[:EXCERPTS]]}
    return _Findings(values, evidence, edits)


def _joined(first: Told, second: Told) -> Told:
    return [{**(one or {}), **(other or {})} or None for one, other in zip(first, second, strict=True)]


def _cut(batch: Batch, told: _Findings, found: Sequence[Finding], cuts: Sequence[Cut]) -> Measures:
    """The measures of a cut; where nothing was found there is nothing to measure."""
    texts, n, evidence = batch.column("text"), batch.num_rows, told.evidence
    values = {**told.values, **{name: np.full(n, np.nan) for name in ("pieces", "characters_left")}}
    edits: Told = [None] * n
    for each, left in zip(found, cuts, strict=True):
        values["pieces"][each.row], values["characters_left"][each.row] = left.pieces, len(left.text)
        removed = sum(stop - start for start, stop in left.removed)
        edits[each.row] = {"cut": left.removed, "characters": -removed, **(evidence[each.row] or {})}
    edited = None
    if found:
        mask = np.zeros(n, np.bool_)
        mask[[each.row for each in found]] = True
        edited = pc.replace_with_mask(texts, mask, pa.array([each.text for each in cuts], pa.large_string()))
    return Measures(values, evidence, edited=edited, edits=_joined(told.edits, edits))


EXAMPLES: tuple[tuple[Record, str | None], ...] = (
    (Record(url=None, meta={}, text="With no benchmark named, nothing is contaminated."), None),
)
