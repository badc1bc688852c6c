"""Some of many documents, the same in every run, with all sources alike."""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import chain, zip_longest

from .documents import Document


def in_turns(documents: Iterable[Document], max_characters: int) -> Iterator[Document]:
    """One document of each source in turns, in the order of a hash of their ids; none longer than `max_characters`."""
    sources: dict[str, list[Document]] = {}
    for document in documents:
        if len(document["text"]) <= max_characters:
            sources.setdefault(document["source"], []).append(document)
    piles = [sorted(pile, key=lambda each: _order(each["id"])) for _, pile in sorted(sources.items())]
    turns = chain.from_iterable(zip_longest(*piles))
    return (each for each in turns if each is not None)


def _order(identity: str) -> bytes:
    return hashlib.blake2b(identity.encode(), digest_size=8).digest()
