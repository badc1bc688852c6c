"""Where documents hold what is protected, whose it is, and how much of it.

Hashes find candidates. The first match of each n-gram in a document is then compared unit by unit with the benchmark,
so that no document is ever called contaminated by a collision. What is common all over the corpus (`common.py`) is let
stand where it is no part of a copy.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..filters.base import NO_KEYS, Keys
from ..kernels.buffers import TextArray
from ..kernels.word_hashes import WordHashes, word_hashes
from .common import Commonness
from .matches import Hits, Holder, confirmed, holders, only
from .normal_form import Rewritten, rewrite
from .protection import Item, Protection
from .units import large_strings, ranges

EXCERPT = 400
"""Characters of a span that the ledger keeps."""

Spans = list[tuple[int, int]]

NOTHING_COMMON = Commonness()


@dataclass(frozen=True)
class FoundItem:
    """An item of which something stands in a document.

    Args:
        item: The item.
        units: How many of its words (or tokens) stand there, in n-grams that match.
        span: The longest stretch of the document that does, in characters.
        passage: The passage of the item that was found first.
    """

    item: Item
    units: int
    span: tuple[int, int]
    passage: str

    @property
    def share(self) -> float:
        """Of the item's words (or tokens)."""
        return self.units / self.item.size


@dataclass(frozen=True)
class Finding:
    """A document that holds something protected, or something that would be, were it not common.

    Args:
        row: The document.
        ngrams: How many of its n-grams match; a short passage that is matched whole counts as one.
        items: The items found, the one with most matched units first; none where all that matches is common.
        spans: Everything that matches, in characters, merged and ascending.
        common: How many more of its n-grams match, and are let stand as common.
        let_stand: Where they stand, in characters, merged and ascending; of each only the first place.
        phrases: uint64: the hashes of the different n-grams that match, common or not, and are in no item of which the
            document holds a copy.
        words: A hash of all its words.
    """

    row: int
    ngrams: int
    items: tuple[FoundItem, ...]
    spans: Spans
    common: int = 0
    let_stand: Spans = field(default_factory=list)
    phrases: Keys = field(default_factory=lambda: NO_KEYS)
    words: int = 0

    def evidence(self, text: str) -> dict[str, Any]:
        """What the ledger says of it."""
        first = self.items[0]
        start, stop = first.span
        return {
            "benchmark": first.item.benchmark,
            "item": first.item.name,
            "span": [start, stop],
            "share": round(first.share, 4),
            "text": text[start:stop][:EXCERPT],
            "item_text": first.passage[:EXCERPT],
            "matched_ngrams": self.ngrams,
            "items": [[each.item.benchmark, each.item.name, round(each.share, 4)] for each in self.items],
        }


def find(
    protection: Protection, texts: TextArray, words: WordHashes | None = None, common: Commonness = NOTHING_COMMON
) -> list[Finding]:
    """Look at documents for what is protected.

    Args:
        protection: What is looked for.
        texts: The documents.
        words: Their words as they stand, where they are known.
        common: What is let stand.

    Returns:
        The documents that hold something, in order.
    """
    if not protection.lookups or not len(texts):
        return []
    found = (_examine(protection, each, texts[each.row].as_py(), common) for each in holders(protection, texts, words))
    return [each for each in found if each is not None]


def _examine(protection: Protection, document: Holder, text: str, common: Commonness) -> Finding | None:
    """What stands in a document; None when all candidates were collisions."""
    every = [each for each in (confirmed(protection, document, one) for one in document.hits) if each.count]
    if not every:
        return None
    held = _held(protection, every)
    copied = {item for item, each in held.items() if each.units / protection.items[item].size >= common.copy_share}
    phrases = [_phrases(protection, each, copied) for each in every]
    common_here = [which & np.isin(each.hashes, common.keys) for each, which in zip(every, phrases, strict=True)]
    if any(which.any() for which in common_here):
        left = [only(document, each, ~which) for each, which in zip(every, common_here, strict=True)]
        hits = [each for each in left if each.count]
        held = _held(protection, hits)
    else:
        hits = every
    stretches = _merged(pair for each in hits for pair in each.stretches.T.tolist())
    let_stand = _merged(
        (at, at + each.lookup.index.n)
        for each, which in zip(every, common_here, strict=True)
        for at in each.firsts[0, which].tolist()
    )
    items = _items(protection, held)
    spans = _characters(document, text, [*stretches, *let_stand, *(each.span for each in items)])
    behind = len(stretches) + len(let_stand)
    located = [replace(each, span=span) for each, span in zip(items, spans[behind:], strict=True)]
    count = sum(each.count for each in hits)
    return Finding(
        document.row,
        count,
        tuple(located),
        _merged(spans[: len(stretches)]),
        sum(each.count for each in every) - count,
        _merged(spans[len(stretches) : behind]),
        np.unique(np.concatenate([each.hashes[which] for each, which in zip(every, phrases, strict=True)])),
        _hash_of_words(document),
    )


def _phrases(protection: Protection, hits: Hits, copied: Collection[int]) -> NDArray[np.bool_]:
    """Which of the n-grams that match are in no item that is copied: bool, in the order of `firsts`."""
    lookup, entries = hits.lookup, hits.firsts[1]
    starts = lookup.bounds[entries]
    counts = lookup.bounds[entries + 1] - starts
    owners = protection.owners[lookup.passages[ranges(starts, counts)]]
    owned = np.repeat(np.arange(len(entries)), counts)
    phrases = np.ones(len(entries), np.bool_)
    phrases[owned[np.isin(owners, list(copied))]] = False
    return phrases


def _hash_of_words(document: Holder) -> int:
    own = document.units.hashes[slice(*document.units.offsets[document.place : document.place + 2])]
    return int.from_bytes(hashlib.blake2b(own.tobytes(), digest_size=8).digest())


@dataclass(frozen=True)
class _Held:
    """What a document holds of an item: the passage found first, spans of the document's units, and of the item's."""

    passage: int
    there: Spans = field(default_factory=list)
    own: Spans = field(default_factory=list)

    @property
    def units(self) -> int:
        """How many of the item's units."""
        return sum(stop - start for start, stop in _merged(self.own))


def _held(protection: Protection, hits: Sequence[Hits]) -> dict[int, _Held]:
    """What a document holds, by item."""
    held: dict[int, _Held] = {}
    for each in hits:
        lookup, n = each.lookup, each.lookup.index.n
        for at, entry in each.firsts.T.tolist():
            for place in range(lookup.bounds[entry], lookup.bounds[entry + 1]):
                passage = int(lookup.passages[place])
                item = int(protection.owners[passage])
                first = int(protection.before[passage] + lookup.positions[place])
                mine = held.setdefault(item, _Held(passage))
                mine.there.append((at, at + n))
                mine.own.append((first, first + n))
    return held


def _items(protection: Protection, held: Mapping[int, _Held]) -> list[FoundItem]:
    """The items found, with their spans in units of the document; the one with most matched units first."""
    found = [
        FoundItem(
            protection.items[item],
            each.units,
            max(_merged(each.there), key=lambda span: (span[1] - span[0], -span[0])),
            protection.texts[each.passage],
        )
        for item, each in held.items()
    ]
    return sorted(found, key=lambda each: (-each.units, -each.share, each.item.benchmark, each.item.name))


def _merged(spans: Iterable[tuple[int, int]]) -> Spans:
    """Spans in order, those that overlap or touch as one."""
    merged: Spans = []
    for start, stop in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(stop, merged[-1][1])
        else:
            merged.append((start, stop))
    return merged


def _characters(document: Holder, text: str, spans: Spans) -> Spans:
    """Spans of units as spans of characters of the text."""
    units = document.units
    bounds = np.array(spans, np.int64).T + units.offsets[document.place]
    words = np.stack([units.word_of(bounds[0]), units.word_of(bounds[1] - 1)])
    if not document.rewritten:
        starts, stops = units.words.starts[words[0]], units.words.stops[words[1]]
        return list(zip(*_counted(text, starts, stops), strict=True))
    # The text in which only what must be is rewritten has the same words as the normal form.
    changed: Rewritten = rewrite(text)
    own = word_hashes(large_strings([changed.text]))
    words -= units.words.offsets[document.place]
    pairs = zip(*_counted(changed.text, own.starts[words[0]], own.stops[words[1]]), strict=True)
    return [changed.original(start, stop) for start, stop in pairs]


def _counted(text: str, *offsets: NDArray[Any]) -> list[list[int]]:
    """Offsets in bytes as offsets in characters."""
    if text.isascii():
        return [each.tolist() for each in offsets]
    places = np.unique(np.concatenate([[0], *offsets]).astype(np.int64))
    data = np.frombuffer(text.encode(), np.uint8)
    between = [np.count_nonzero((data[start:stop] & 0xC0) != 0x80) for start, stop in pairwise(places.tolist())]
    totals = np.concatenate([[0], np.cumsum(between)]).astype(np.int64)
    return [totals[np.searchsorted(places, each)].tolist() for each in offsets]
