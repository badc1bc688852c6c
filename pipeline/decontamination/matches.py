"""Which documents hold n-grams of benchmarks, and where: candidates by their hashes, confirmed unit by unit."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..filters.base import Keys
from ..kernels.buffers import TextArray
from ..kernels.ngram_matches import NgramIndex, NgramMatches, ngram_matches
from ..kernels.word_hashes import WordHashes
from .normal_form import normal_forms
from .protection import Lookup, Protection
from .units import Units, make_units, ranges


@dataclass(frozen=True)
class Hits:
    """What one lookup found in one document: int64 arrays as in `NgramMatches`, without the document."""

    lookup: Lookup
    count: int
    firsts: NDArray[np.int64]
    stretches: NDArray[np.int64]

    @property
    def hashes(self) -> Keys:
        """The hashes of the n-grams that match, in the order of `firsts`."""
        hashes: Keys = self.lookup.index.hashes[self.firsts[1]]
        return hashes


@dataclass(frozen=True)
class Holder:
    """A document with candidates.

    Args:
        row: Its row among the texts.
        place: Its row among the units.
        units: The units in which it was found.
        hits: Its matches, for each lookup.
        rewritten: Whether the units are those of its normal form.
    """

    row: int
    place: int
    units: Units
    hits: tuple[Hits, ...]
    rewritten: bool


def holders(protection: Protection, texts: TextArray, words: WordHashes | None) -> list[Holder]:
    """The documents with candidates, in order.

    Args:
        protection: What is looked for.
        texts: The documents.
        words: Their words as they stand, where they are known.
    """
    tokenizer = protection.terms.tokenizer
    rows, formed = normal_forms(texts)
    as_they_stand = np.arange(len(texts))
    as_they_stand[rows] = -1
    plain = _holders(protection, make_units(texts, words, tokenizer), as_they_stand, False)
    changed = _holders(protection, make_units(formed, None, tokenizer), rows, True)
    return sorted([*plain, *changed], key=lambda each: each.row)


def _holders(protection: Protection, units: Units, rows: NDArray[np.int64], rewritten: bool) -> Iterator[Holder]:
    """The documents with candidates; `rows` are those of the units' documents, -1 for one to leave out."""
    if protection.beginnings is None:
        return
    # One look for all lengths; hardly any document is worth the others.
    begun = ngram_matches(units.hashes, units.offsets, protection.beginnings).counts > 0
    places = np.flatnonzero(begun & (rows >= 0))
    sizes = np.diff(units.offsets)[places]
    hashes = units.hashes[ranges(units.offsets[places], sizes)]
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    found: dict[int, list[Hits]] = {}
    for lookup in protection.lookups:
        matches = ngram_matches(hashes, offsets, lookup.index)
        for chosen in np.unique(matches.firsts[0]).tolist():
            found.setdefault(int(places[chosen]), []).append(_hits(lookup, matches, chosen))
    for place, hits in found.items():
        yield Holder(int(rows[place]), place, units, tuple(hits), rewritten)


def _hits(lookup: Lookup, matches: NgramMatches, place: int) -> Hits:
    firsts, stretches = (
        each[1:, slice(*np.searchsorted(each[0], [place, place + 1]))] for each in (matches.firsts, matches.stretches)
    )
    return Hits(lookup, int(matches.counts[place]), firsts, stretches)


def confirmed(protection: Protection, document: Holder, hits: Hits) -> Hits:
    """The hits without those whose units are not the benchmark's."""
    n = hits.lookup.index.n
    real = np.zeros(hits.firsts.shape[1], np.bool_)
    for start, stop in hits.stretches.T.tolist():
        inside = np.flatnonzero((hits.firsts[0] >= start) & (hits.firsts[0] + n <= stop))
        if len(inside):
            # A stretch may go on for long with n-grams that were met before.
            first, last = hits.firsts[0, inside].min(), hits.firsts[0, inside].max() + n
            spelled = document.units.spelled(document.place, int(first), int(last - first))
            for at in inside.tolist():
                begin = int(hits.firsts[0, at] - first)
                real[at] = _stands_at(protection, hits.lookup, int(hits.firsts[1, at]), spelled[begin : begin + n])
    return hits if real.all() else only(document, hits, real)


def _stands_at(protection: Protection, lookup: Lookup, entry: int, spelled: tuple[str, ...]) -> bool:
    """Whether a benchmark has these units where the index says so."""
    places = slice(lookup.bounds[entry], lookup.bounds[entry + 1])
    pairs = zip(lookup.passages[places].tolist(), lookup.positions[places].tolist(), strict=True)
    return any(protection.spelled(passage)[at : at + lookup.index.n] == spelled for passage, at in pairs)


def only(document: Holder, hits: Hits, chosen: NDArray[np.bool_]) -> Hits:
    """Look again, for some of the n-grams alone."""
    firsts = hits.firsts[:, chosen]
    index = NgramIndex.of(hits.lookup.index.hashes[np.unique(firsts[1])], hits.lookup.index.n)
    units, place = document.units, document.place
    bounds = units.offsets[place : place + 2]
    matches = ngram_matches(units.hashes[slice(*bounds)], bounds - bounds[0], index)
    return replace(_hits(hits.lookup, matches, 0), firsts=firsts)
