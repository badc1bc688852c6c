"""Decontamination: a document that holds an n-gram of words of a benchmark's item is dropped, and the item is named.

Brown et al., "Language Models are Few-Shot Learners" (2020), appendix C: 13-grams of lower-cased words without
punctuation. Hashes find candidates; every match is then confirmed on the words themselves, so that no document is
dropped for a collision. A passage of fewer than n words is looked for whole when it has at least `min_words`; an item
of which no passage is that long cannot be protected, and the certificate in the manifest lists it as too short.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
from pydantic import Field

from ..benchmarks import Benchmark
from ..engine.fingerprint import file_digest
from ..kernels.buffers import text_buffers
from ..kernels.ngram_matches import NgramIndex, confirmed, ngram_matches
from ..kernels.shingles import shingles
from ..kernels.word_hashes import WordHashes, normalized_words, word_hashes
from .base import Measures, Record, Rule, RuleFilter

EXCERPT = 400
"""Characters of a matched span that the ledger keeps."""


@dataclass(frozen=True)
class Decontaminate(RuleFilter):
    """Drops documents that hold a benchmark's n-gram.

    Args:
        benchmarks: Files and the fields to protect.
        n: Words in an n-gram.
        min_words: The shortest passage that is looked for whole.
    """

    benchmarks: tuple[Benchmark, ...] = ()
    n: Annotated[int, Field(ge=1)] = 13
    min_words: Annotated[int, Field(ge=1)] = 8

    @property
    def rules(self) -> tuple[Rule, ...]:
        """One match is one too many."""
        return (Rule("contaminated", "matched_ngrams", high=0),)

    def files(self) -> tuple[str, ...]:
        """The benchmarks."""
        return tuple(str(benchmark.file) for benchmark in self.benchmarks)

    def measure(self, batch: pa.RecordBatch) -> Measures:
        """Count the matched n-grams and name the item that has most of them."""
        texts = batch.column("text")
        words = word_hashes(texts)
        found: list[_Found] = [_Found() for _ in range(batch.num_rows)]
        for lookup in self._protected.lookups:
            matches = ngram_matches(words, lookup.index)
            real = confirmed(matches, texts, words, lookup.index.n, lookup.grams.__getitem__)
            documents, places = matches.documents[real].tolist(), matches.words[real].tolist()
            for document, word, entry in zip(documents, places, matches.entries[real].tolist(), strict=True):
                first = int(words.offsets[document]) + word
                span = int(words.starts[first]), int(words.stops[first + lookup.index.n - 1])
                found[document].add(lookup.owners[entry], span)
        counts = np.array([each.count for each in found], np.float64)
        evidence = [each.evidence(texts[row].as_py()) if each.count else None for row, each in enumerate(found)]
        return Measures({"matched_ngrams": counts}, evidence)

    def certificate(self) -> Mapping[str, Any]:
        """The benchmarks by name: their hash, their items, and those that cannot be protected."""
        return {"n": self.n, "benchmarks": self._protected.listed}

    @cached_property
    def _protected(self) -> "_Protected":
        return _protect(self.benchmarks, self.n, self.min_words)


Owner = tuple[str, str]
"""The names of a benchmark and of one of its items."""


@dataclass(frozen=True)
class _Lookup:
    """The n-grams of one length: for each entry of the index its words, and the items that have them."""

    index: NgramIndex
    grams: list[set[tuple[str, ...]]]
    owners: list[set[Owner]]


@dataclass(frozen=True)
class _Protected:
    """Everything to look for, and what the certificate says of it."""

    lookups: tuple[_Lookup, ...]
    listed: Mapping[str, Mapping[str, Any]]


@dataclass
class _Found:
    """What was found in one document."""

    count: int = 0
    by_owner: dict[Owner, list[tuple[int, int]]] = field(default_factory=dict)

    def add(self, owners: set[Owner], span: tuple[int, int]) -> None:
        self.count += 1
        for owner in owners:
            self.by_owner.setdefault(owner, []).append(span)

    def evidence(self, text: str) -> Mapping[str, Any]:
        """The item with most matches, the characters from its first match to its last, and every item found."""
        (benchmark, item), spans = max(self.by_owner.items(), key=lambda each: (len(each[1]), each[0]))
        data = text.encode()
        start, stop = (len(data[:place].decode()) for place in (spans[0][0], max(stop for _, stop in spans)))
        return {
            "benchmark": benchmark,
            "item": item,
            "matched_ngrams": len(spans),
            "span": [start, stop],
            "text": text[start:stop][:EXCERPT],
            "items": sorted(self.by_owner),
        }


def _protect(benchmarks: tuple[Benchmark, ...], n: int, min_words: int) -> _Protected:
    grams: dict[int, dict[int, set[tuple[str, ...]]]] = {}
    owners: dict[tuple[int, int], set[Owner]] = {}
    listed = {}
    for benchmark in benchmarks:
        items = list(benchmark.items())
        short = []
        for item in items:
            texts = pa.array(item.passages, pa.large_string())
            protected = False
            for length, hashed, words in _ngrams(texts, word_hashes(texts), n, min_words):
                grams.setdefault(length, {}).setdefault(hashed, set()).add(words)
                owners.setdefault((length, hashed), set()).add((benchmark.title, item.name))
                protected = True
            if not protected:
                short.append(item.name)
        digest = file_digest(benchmark.file)
        listed[benchmark.title] = {"sha256": digest, "items": len(items), "too_short": tuple(short)}
    lookups = []
    for length, known in sorted(grams.items()):
        hashes = sorted(known)
        lookups.append(
            _Lookup(
                NgramIndex.of(np.array(hashes, np.uint64), length),
                [known[each] for each in hashes],
                [owners[length, each] for each in hashes],
            )
        )
    return _Protected(tuple(lookups), listed)


def _ngrams(
    texts: pa.LargeStringArray, words: WordHashes, n: int, min_words: int
) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Every n-gram of the passages, or the whole of a short one: its length, its hash and its words."""
    buffers = text_buffers(texts)
    for passage, count in enumerate(np.diff(words.offsets).tolist()):
        length = min(n, count)
        if count < min(n, min_words):
            continue
        own = texts.slice(passage, 1)
        hashed = shingles(word_hashes(own), length).hashes.tolist()
        for first, value in enumerate(hashed):
            yield length, value, normalized_words(buffers, words, passage, first, length)


EXAMPLES: tuple[tuple[Record, str | None], ...] = (
    (Record(url=None, meta={}, text="With no benchmark named, nothing is contaminated."), None),
)
