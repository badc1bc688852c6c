"""The scan: every document of the shards, held against what is sought of each benchmark."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from .benchmark import Gram, Sought, Terms
from .texts import Text
from .words import words_of

EXAMPLES = 5


@dataclass(frozen=True)
class Example:
    """A document that holds an n-gram of an item: the document's id, the item and the n-gram."""

    document: str
    item: str
    ngram: str


@dataclass
class Found:
    """What was found of one benchmark.

    Args:
        documents: Documents that hold something of it.
        items: Items of which something was found.
        excluded: N-grams found in documents that are excluded, and so do not count.
        examples: The first few.
        frequencies: N-gram to how many documents hold it.
    """

    documents: int = 0
    items: set[str] = field(default_factory=set)
    excluded: int = 0
    examples: list[Example] = field(default_factory=list)
    frequencies: Counter[Gram] = field(default_factory=Counter)


@dataclass(frozen=True)
class Search:
    """One benchmark's name, what of it is looked for, and by what terms."""

    name: str
    terms: Terms
    sought: Sought


def scan(texts: Iterable[Text], searches: Sequence[Search], advance: Callable[[], None] = lambda: None) -> list[Found]:
    """Look for benchmarks in documents.

    Args:
        texts: Each document's id and text.
        searches: The benchmarks.
        advance: Called after each document.
    """
    results = [Found() for _ in searches]
    for document, text in texts:
        words = words_of(text)
        for search, result in zip(searches, results, strict=True):
            units = words if search.terms.tokens is None else search.terms.units(words)
            held = set(chain.from_iterable(_held(units, search.sought)))
            if held:
                _note(result, search, document, held)
        advance()
    return results


def _held(units: Sequence[str], sought: Sought) -> Iterator[set[Gram]]:
    """The n-grams of a document that are sought, by length."""
    for length, grams in sought.grams.items():
        # Nearly always nothing is there: then no set of the document's n-grams is made.
        if not grams.keys().isdisjoint(_grams(units, length)):
            yield grams.keys() & set(_grams(units, length))


def _grams(units: Sequence[str], length: int) -> Iterator[Gram]:
    return zip(*(units[start:] for start in range(length)), strict=False)


def _note(result: Found, search: Search, document: str, held: set[Gram]) -> None:
    known = {gram for gram in held if " ".join(gram) not in search.terms.excluded}
    common = {gram for gram in known if " ".join(gram) in search.terms.common}
    counted = sorted(known - common | _of_copies(common, known, search))
    result.frequencies.update(held)
    result.excluded += len(held) - len(counted)
    if not counted:
        return
    result.documents += 1
    for gram in counted:
        owners = search.sought.grams[len(gram)][gram]
        result.items |= owners
        if len(result.examples) < EXAMPLES and gram == counted[0]:
            result.examples.append(Example(document, min(owners), " ".join(gram)))


def _of_copies(common: set[Gram], held: set[Gram], search: Search) -> set[Gram]:
    """The common n-grams of items of which the document holds so much that it holds a copy."""
    share = search.terms.copy_share
    if share is None:
        return set()
    owners = {gram: search.sought.grams[len(gram)][gram] for gram in common}
    copied = {item for item in set().union(*owners.values()) if _share(search.sought.passages[item], held) >= share}
    return {gram for gram in common if owners[gram] & copied}


def _share(passages: Sequence[tuple[Gram, int]], held: set[Gram]) -> float:
    """The share of an item's words (or tokens) that stand in n-grams which the document holds."""
    covered = 0
    for units, length in passages:
        starts = (at for at in range(len(units)) if length and units[at : at + length] in held)
        covered += len({at + step for at in starts for step in range(length)})
    return covered / sum(len(units) for units, _ in passages)
