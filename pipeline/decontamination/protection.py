"""What of benchmarks is protected: the n-grams to look for, whose they are, and what cannot be looked for.

A passage (one field of an item) of at least n words is protected by all its n-grams; a shorter one is looked for whole
when it has at least `min_words`. In scripts without spaces a word is one character (`kernels/words.py`), and about two
characters make a word as tokenizers cut it: in a passage most of whose words are such characters, n and `min_words`
count double. Whatever has fewer than `min_characters` letters and digits (each of a script without spaces counting for
two) means nothing, such as a row of the first numbers: it is not looked for, and listed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.errors import InputError

from ..engine.fingerprint import file_digest
from ..kernels.ngram_matches import NgramIndex
from .benchmarks import Benchmark
from .normal_form import normal_form
from .units import Units, large_strings, make_units
from .windows import Terms, Windows, excluded, excluded_units, lengths_of, spelled_out, windows_of
from .word_weights import weigh_words


@dataclass(frozen=True)
class Item:
    """An item: its benchmark's and its own name, and how many units its passages have."""

    benchmark: str
    name: str
    size: int


@dataclass(frozen=True)
class Lookup:
    """The n-grams of one length; those of entry e of the index stand at `bounds[e] : bounds[e + 1]` of the others.

    Args:
        index: What is looked up.
        bounds: int64 (entries + 1,).
        passages: int64 (n,): the passage.
        positions: int64 (n,): the n-gram's first unit within it.
    """

    index: NgramIndex
    bounds: NDArray[np.int64]
    passages: NDArray[np.int64]
    positions: NDArray[np.int64]


@dataclass(frozen=True)
class Protection:
    """All that is looked for.

    Args:
        terms: By what rules.
        texts: The passages as they stand in the benchmarks.
        units: The units of their normal form.
        items: The items.
        owners: int64 (passages,): the item of each.
        whole: bool (passages,): whether it is looked for whole.
        before: int64 (passages,): the units of the item's earlier passages.
        lookups: One for each length.
        beginnings: As many units as the shortest n-grams have, wherever they stand in what is looked for: a document
            with none of them holds nothing. None where nothing is looked for.
        excluded: Reason to the n-grams that are not looked for, their units joined by spaces, sorted.
    """

    terms: Terms
    texts: Sequence[str]
    units: Units
    items: Sequence[Item]
    owners: NDArray[np.int64]
    whole: NDArray[np.bool_]
    before: NDArray[np.int64]
    lookups: Sequence[Lookup]
    beginnings: NgramIndex | None
    excluded: Mapping[str, Sequence[str]]
    _spelled: dict[int, tuple[str, ...]] = field(default_factory=dict, repr=False, compare=False)

    def spelled(self, passage: int) -> tuple[str, ...]:
        """All units of a passage, as strings."""
        if passage not in self._spelled:
            count = int(self.units.offsets[passage + 1] - self.units.offsets[passage])
            self._spelled[passage] = self.units.spelled(passage, 0, count)
        return self._spelled[passage]


def protect(benchmarks: tuple[Benchmark, ...], terms: Terms) -> Protection:
    """Read the benchmarks and index what of them is protected; done once per process for files that stay as they are.

    Raises:
        InputError: A benchmark or the tokenizer cannot be read, or two benchmarks have one name.
    """
    titles = [benchmark.title for benchmark in benchmarks]
    for title in titles:
        if titles.count(title) > 1:
            raise InputError(f"two benchmarks are called '{title}'", remedy="Give one of them another 'name'")
    files = (*(benchmark.file for benchmark in benchmarks), *filter(None, (terms.tokenizer, terms.exclude)))
    return _protect(benchmarks, terms, tuple(file_digest(file) for file in files if file.exists()))


@lru_cache(8)
def _protect(benchmarks: tuple[Benchmark, ...], terms: Terms, digests: tuple[str, ...]) -> Protection:
    """As `protect`; the digests are what tells files that have changed."""
    items = [(benchmark, item) for benchmark in benchmarks for item in benchmark.items()]
    texts = [passage for _, item in items for passage in item.passages]
    owners = np.repeat(np.arange(len(items)), [len(item.passages) for _, item in items])
    formed = large_strings([normal_form(text) for text in texts])
    units = make_units(formed, tokenizer=terms.tokenizer)
    sizes = np.diff(units.offsets)
    firsts = np.searchsorted(owners, np.arange(len(items)))
    ends = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    weights = weigh_words(formed, units.words)
    lengths, whole = lengths_of(units, weights, terms)
    lookups: list[Lookup] = []
    listed: dict[str, str] = {}
    used = np.unique(lengths[lengths > 0]).tolist()
    named = excluded_units(terms, min(used, default=1))
    for length in used:
        found = windows_of(units, np.flatnonzero(lengths == length), length)
        reasons = excluded(found, units, weights, named, terms.min_characters)
        listed |= dict(spelled_out(found, reasons, units))
        lookups.append(_lookup(found, reasons == 0))
    lookups = [lookup for lookup in lookups if len(lookup.index.hashes)]
    return Protection(
        terms=terms,
        texts=texts,
        units=units,
        items=[
            Item(benchmark.title, item.name, int(size))
            for (benchmark, item), size in zip(items, np.bincount(owners, sizes, len(items)), strict=True)
        ],
        owners=owners,
        whole=whole,
        before=ends[:-1] - ends[firsts[owners]],
        lookups=lookups,
        beginnings=_beginnings(units, lookups),
        excluded={
            reason: sorted(ngram for ngram, why in listed.items() if why == reason)
            for reason in sorted(set(listed.values()))
        },
    )


def _lookup(found: Windows, kept: NDArray[np.bool_]) -> Lookup:
    rows = np.flatnonzero(kept)
    rows = rows[np.argsort(found.hashes[rows], kind="stable")]
    hashes, firsts = np.unique(found.hashes[rows], return_index=True)
    bounds = np.append(firsts, len(rows)).astype(np.int64)
    return Lookup(NgramIndex.of(hashes, found.length), bounds, found.passages[rows], found.positions[rows])


def _beginnings(units: Units, lookups: Sequence[Lookup]) -> NgramIndex | None:
    if not lookups:
        return None
    shortest = min(lookup.index.n for lookup in lookups)
    passages = np.unique(np.concatenate([lookup.passages for lookup in lookups]))
    return NgramIndex.of(np.unique(windows_of(units, passages, shortest).hashes), shortest)
