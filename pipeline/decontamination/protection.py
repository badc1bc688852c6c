"""What of benchmarks is protected: the n-grams to look for, whose they are, and what cannot be looked for.

A passage (one field of an item) of at least n words is protected by all its n-grams; a shorter one is looked for whole
when it has at least `min_words`. In scripts without spaces a word is one character (`kernels/words.py`), and about two
characters make a word as tokenizers cut it: in a passage most of whose words are such characters, n and `min_words`
count double. Whatever has fewer than `min_characters` letters and digits (each of a script without spaces counting for
two) means nothing, such as a row of the first numbers: it is not looked for, and listed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headrace.shards.base.errors import InputError

from ..engine.fingerprint import file_digest
from ..kernels.buffers import TextArray
from ..kernels.ngram_matches import NgramIndex
from ..kernels.shingles import shingles
from ..kernels.unicode_tables import PAGE_BITS, PAGE_SIZE, UNSPACED, unicode_tables
from ..kernels.word_hashes import WordHashes
from .benchmarks import Benchmark
from .normal_form import normal_form
from .units import Units, large_strings, make_units, ranges

FEW_CHARACTERS = "few characters"
BY_RECIPE = "excluded by the recipe"


@dataclass(frozen=True)
class Terms:
    """What is looked for in what.

    Args:
        n: Words (or tokens) in an n-gram.
        tokenizer: Of which tokens are made; None: n-grams are of words.
        min_words: The shortest passage that is looked for whole.
        min_characters: What is looked for has at least so many letters and digits.
        exclude: A file of texts, one a line, none of whose n-grams is looked for.
    """

    n: int = 13
    tokenizer: Path | None = None
    min_words: int = 8
    min_characters: int = 20
    exclude: Path | None = None

    def excluded(self) -> list[str]:
        """The texts of `exclude`."""
        if self.exclude is None:
            return []
        return [line for line in self.exclude.read_text(encoding="utf-8").splitlines() if line.strip()]


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
        before: int64 (passages,): the units of the item's earlier passages.
        lookups: One for each length.
        excluded: Reason to the n-grams that are not looked for, their units joined by spaces, sorted.
        listed: What the certificate says of each benchmark, by its title.
    """

    terms: Terms
    texts: Sequence[str]
    units: Units
    items: Sequence[Item]
    owners: NDArray[np.int64]
    before: NDArray[np.int64]
    lookups: Sequence[Lookup]
    excluded: Mapping[str, Sequence[str]]
    listed: Mapping[str, Mapping[str, Any]]
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
    lengths, whole = _lengths(formed, units, terms)
    windows = [_windows(units, np.flatnonzero(lengths == length), length) for length in np.unique(lengths[lengths > 0])]
    lookups: list[Lookup] = []
    excluded: dict[str, str] = {}
    for found in windows:
        reasons = _excluded(found, units, formed, terms)
        kept = reasons == ""
        excluded |= dict(_listed(found, reasons, units))
        lookups.append(_lookup(found, kept))
    protected = np.zeros(len(texts), np.bool_)
    for lookup in lookups:
        protected[lookup.passages] = True
    by_ngrams, by_whole = (np.zeros(len(items), np.bool_) for _ in range(2))
    by_ngrams[owners[protected & ~whole]], by_whole[owners[protected & whole]] = True, True
    return Protection(
        terms=terms,
        texts=texts,
        units=units,
        items=[
            Item(benchmark.title, item.name, int(size))
            for (benchmark, item), size in zip(items, np.bincount(owners, sizes, len(items)), strict=True)
        ],
        owners=owners,
        before=ends[:-1] - ends[firsts[owners]],
        lookups=[lookup for lookup in lookups if len(lookup.index.hashes)],
        excluded={
            reason: sorted(ngram for ngram, why in excluded.items() if why == reason)
            for reason in sorted(set(excluded.values()))
        },
        listed=dict(_entries(benchmarks, items, by_whole & ~by_ngrams, ~(by_whole | by_ngrams))),
    )


@dataclass(frozen=True)
class _Windows:
    """Every n-gram of one length: int64 passage and first unit, uint64 hash."""

    length: int
    passages: NDArray[np.int64]
    positions: NDArray[np.int64]
    hashes: NDArray[np.uint64]


def _lengths(formed: TextArray, units: Units, terms: Terms) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The length of the n-grams of each passage, 0 where it is too short; and whether it is looked for whole."""
    words, sizes = np.diff(units.words.offsets), np.diff(units.offsets)
    unspaced = _word_sums(_is_unspaced(formed, units.words), units.words)
    factor = np.where(2 * unspaced > words, 2, 1)
    wanted = terms.n * (factor if terms.tokenizer is None else np.ones_like(factor))
    whole = (sizes < wanted) & (sizes > 0) & (words >= terms.min_words * factor)
    return np.where(sizes >= wanted, wanted, np.where(whole, sizes, 0)), whole


def _windows(units: Units, passages: NDArray[np.int64], length: int) -> _Windows:
    starts, sizes = units.offsets[passages], np.diff(units.offsets)[passages]
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    nowhere = np.zeros(0, np.int64)
    hashed = shingles(WordHashes(offsets, units.hashes[ranges(starts, sizes)], nowhere, nowhere), int(length))
    counts = sizes - length + 1
    return _Windows(int(length), np.repeat(passages, counts), ranges(np.zeros_like(counts), counts), hashed.hashes)


def _excluded(found: _Windows, units: Units, formed: TextArray, terms: Terms) -> NDArray[np.str_]:
    """Why each n-gram is not looked for; "" where it is."""
    first = units.offsets[found.passages] + found.positions
    words = units.word_of(first), units.word_of(first + found.length - 1)
    weights = np.concatenate([[0], np.cumsum(_characters(formed, units.words))])
    few = weights[words[1] + 1] - weights[words[0]] < terms.min_characters
    named = np.isin(found.hashes, _hashes_of(terms.excluded(), found.length, terms))
    return np.where(named, BY_RECIPE, np.where(few, FEW_CHARACTERS, ""))


def _hashes_of(texts: list[str], length: int, terms: Terms) -> NDArray[np.uint64]:
    units = make_units(large_strings([normal_form(text) for text in texts]), tokenizer=terms.tokenizer)
    return _windows(units, np.flatnonzero(np.diff(units.offsets) >= length), length).hashes


def _listed(found: _Windows, reasons: NDArray[np.str_], units: Units) -> Iterator[tuple[str, str]]:
    out = np.flatnonzero(reasons != "")
    _, different = np.unique(found.hashes[out], return_index=True)
    for at in out[different].tolist():
        spelled = units.spelled(int(found.passages[at]), int(found.positions[at]), found.length)
        yield " ".join(spelled), str(reasons[at])


def _lookup(found: _Windows, kept: NDArray[np.bool_]) -> Lookup:
    rows = np.flatnonzero(kept)
    rows = rows[np.argsort(found.hashes[rows], kind="stable")]
    hashes, firsts = np.unique(found.hashes[rows], return_index=True)
    bounds = np.append(firsts, len(rows)).astype(np.int64)
    return Lookup(NgramIndex.of(hashes, found.length), bounds, found.passages[rows], found.positions[rows])


def _entries(
    benchmarks: Sequence[Benchmark], items: Sequence[tuple[Benchmark, Any]], whole: Any, open_: Any
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for benchmark in benchmarks:
        mine = np.array([each is benchmark for each, _ in items], np.bool_)

        def names(which: Any, mine: Any = mine) -> tuple[str, ...]:
            return tuple(items[row][1].name for row in np.flatnonzero(which & mine).tolist())

        yield (
            benchmark.title,
            {
                "sha256": file_digest(benchmark.file),
                "fields": benchmark.fields,
                "id": benchmark.id,
                "items": int(mine.sum()),
                "whole": names(whole),
                "unprotected": names(open_),
            },
        )


def _characters(texts: TextArray, words: WordHashes) -> NDArray[np.int64]:
    """Letters, digits and marks of each word, a character of an unspaced script counting for two: int64 (words,)."""
    data, starts = _data(texts)
    begins = np.repeat(starts, np.diff(words.offsets))
    opens = np.concatenate([[0], np.cumsum((data & 0xC0) != 0x80)])
    characters: NDArray[np.int64] = opens[begins + words.stops] - opens[begins + words.starts]
    return characters + _is_unspaced(texts, words)


def _is_unspaced(texts: TextArray, words: WordHashes) -> NDArray[np.int64]:
    """1 for each word that is a character of a script without spaces, else 0: int64 (words,)."""
    data, starts = _data(texts)
    opens = np.concatenate([[0], np.cumsum((data & 0xC0) != 0x80)])
    codes = np.frombuffer(data.tobytes().decode().encode("utf-32-le"), np.uint32).astype(np.int64)
    first = codes[opens[np.repeat(starts, np.diff(words.offsets)) + words.starts]]
    tables = unicode_tables()
    pages = tables.index[first >> PAGE_BITS].astype(np.int64) << PAGE_BITS
    found: NDArray[np.bool_] = tables.pages[pages | first & (PAGE_SIZE - 1)] & UNSPACED != 0
    return found.astype(np.int64)


def _data(texts: TextArray) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The bytes of freshly made texts, and where each starts."""
    joined = [text.encode() for text in texts.to_pylist()]
    starts = np.concatenate([[0], np.cumsum([len(each) for each in joined])]).astype(np.int64)
    return np.frombuffer(b"".join(joined), np.uint8), starts[:-1]


def _word_sums(values: NDArray[np.int64], words: WordHashes) -> NDArray[np.int64]:
    sums = np.concatenate([[0], np.cumsum(values)])
    by_document: NDArray[np.int64] = sums[words.offsets[1:]] - sums[words.offsets[:-1]]
    return by_document
